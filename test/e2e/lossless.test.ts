import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningHub, startHub } from './support/hub.ts';
import { createScope } from './support/scope.ts';
import { type JournalServer, journal } from './support/servers.ts';
import { type WireClient, withEnvelope } from './support/wire/client.ts';
import { connectLegacyHttp, connectModernHttp } from './support/wire/http.ts';

/** Schemas in a form no serializer would write: what is byte-equal to them was passed on, not written anew. */
const INPUT_SCHEMA = `{ "$schema":"https://json-schema.org/draft/2020-12/schema",  "type":"object","$defs":{"n":{"type":"number","minimum":1.0,"maximum":1e400}},"properties":{"b":{"$ref":"#/$defs/n"},"a":{"type":"string","pattern":"^\\u0061\\/","$anchor":"A"},"10":{},"9":{}},"allOf":[ {"if":{"required":["a"]},"then":{"required":["b"]}} ],"x-vendor":{"keep":[12345678901234567890]}}`;
const OUTPUT_SCHEMA = `{"type":"object",  "properties":{"big":{"type":"integer","const":12345678901234567890}},"x-note":"\\u00e9\\u0000"}`;
const LIST_SCHEMA = `{"type":"array", "items":{"$ref":"#/$defs/row"},"$defs":{"row":{"type":"object","properties":{"n":{"default":1.50}}}}}`;
const ICONS = `[{"src":"https://example.com/i.png","mimeType":"image/png","sizes":["48x48"],"theme":"dark","com.example/glow":true}]`;
const ANNOTATIONS = `{"title":"T","readOnlyHint":true,"destructiveHint":false,"com.example/hint":{"deep":[1,2.50]}}`;

const RICH_TOOL = `{"name":"rich","title":"Rich","description":"d","inputSchema":${INPUT_SCHEMA},"outputSchema":${OUTPUT_SCHEMA},"annotations":${ANNOTATIONS},"icons":${ICONS},"_meta":{"com.example/tool":{"v":1},"ui":{"resourceUri":"ui://rich/app"}},"x-unknown":{"a":null}}`;
const SHAPE_TOOL = `{"name":"shape","inputSchema":{"type":"object"}}`;
const LIST_TOOL = `{"name":"rows","inputSchema":{"type":"object"},"outputSchema":${LIST_SCHEMA}}`;
const CONTENT = `[{"type":"text","text":"a\\u2028b","annotations":{"audience":["user"],"priority":0.10,"lastModified":"2026-01-01T00:00:00Z"},"_meta":{"com.example/c":1}},{"type":"image","data":"aGk=","mimeType":"image/png"},{"type":"audio","data":"aGk=","mimeType":"audio/wav"},{"type":"resource_link","uri":"https://example.com/x","name":"x","icons":${ICONS},"size":12345678901234567890},{"type":"resource","resource":{"uri":"journal://page/1","text":"t","_meta":{"k":1}}},{"type":"com.example/hologram","beam":{"phase":1.50},"unknown":[null]}]`;
const RICH_RESULT = `{"content":${CONTENT},"structuredContent":{"big":12345678901234567890,"nested":{"z":1,"a":[1e2]}},"isError":false,"_meta":{"com.example/result":{"trace":"abc"}},"com.example/extra":{"kept":[true]}}`;
const ROWS_RESULT = `{"content":[],"structuredContent":[{"n":1.50},{"n":2}]}`;
const RESOURCE = `{"uri":"journal://page/1","name":"p","title":"P","description":"d","mimeType":"text/plain","size":7,"icons":${ICONS},"annotations":{"audience":["assistant"],"priority":1.0},"_meta":{"com.example/r":1},"x-unknown":2}`;
const TEMPLATE = `{"uriTemplate":"journal://page/{n}","name":"t","title":"T","icons":${ICONS},"annotations":{"priority":0},"_meta":{"k":"v"},"x-unknown":3}`;
const PROMPT = `{"name":"greet","title":"G","description":"d","arguments":[{"name":"who","title":"W","required":true,"x-arg":1}],"icons":${ICONS},"_meta":{"com.example/p":{}},"x-unknown":4}`;
const PROMPT_RESULT = `{"description":"d","messages":[{"role":"user","content":{"type":"com.example/hologram","beam":1},"x-msg":1},{"role":"assistant","content":{"type":"resource","resource":{"uri":"journal://page/1","blob":"aGk=","x":1}}}],"_meta":{"com.example/pr":1},"x-unknown":5}`;
const CONTENTS_RESULT = `{"contents":[{"uri":"journal://page/1","mimeType":"text/plain","text":"t","_meta":{"com.example/rc":1},"x-unknown":6}],"_meta":{"com.example/rr":1},"x-unknown":7}`;

const scope = createScope();
const servers = {} as Record<'legacy' | 'modern', JournalServer>;
let hub: RunningHub;

/** The same results in the shape of either era. */
function offersFor(era: 'legacy' | 'modern'): Record<string, string> {
  const complete = (text: string, cached: boolean): string => {
    if (era === 'legacy') return text;
    return `{"resultType":"complete",${cached ? '"ttlMs":60000,"cacheScope":"public",' : ''}${text.slice(1)}`;
  };
  const execution = era === 'legacy' ? ',"execution":{"taskSupport":"optional"}' : '';
  return {
    'tools/list': complete(`{"tools":[${RICH_TOOL.slice(0, -1)}${execution}},${LIST_TOOL},${SHAPE_TOOL}]}`, true),
    'tools/call rich': complete(RICH_RESULT, false),
    'tools/call rows': complete(ROWS_RESULT, false),
    'resources/list': complete(`{"resources":[${RESOURCE}]}`, true),
    'resources/templates/list': complete(`{"resourceTemplates":[${TEMPLATE}]}`, true),
    'resources/read journal://page/1': complete(CONTENTS_RESULT, true),
    'prompts/list': complete(`{"prompts":[${PROMPT}]}`, true),
    'prompts/get greet': complete(PROMPT_RESULT, false),
    'tools/call shape': `{"resultType":"com.example/shape","corners":[1.0,2.50],"_meta":{"k":1}}`,
  };
}

beforeAll(async () => {
  for (const era of ['legacy', 'modern'] as const) {
    const offers = scope.file('offers.json', JSON.stringify(offersFor(era)));
    servers[era] = await journal(scope, { era, transport: 'http', args: ['--offers', offers] });
  }
  hub = await startHub(scope, { mcpServers: { legacy: servers.legacy.entry, modern: servers.modern.entry } });
});
afterAll(() => scope.close());

const CELLS = (['legacy', 'modern'] as const).flatMap((front) =>
  (['legacy', 'modern'] as const).map((upstream) => ({ front, upstream })),
);

type Json = Record<string, unknown>;

describe.each(CELLS)('$front client, $upstream server', ({ front, upstream }) => {
  let client: WireClient;

  beforeAll(async () => {
    // The route of one server: its own names and URIs.
    const url = `${hub.url}/${upstream}`;
    client = front === 'legacy' ? await connectLegacyHttp(url) : connectModernHttp(url);
  });
  afterAll(() => client.close());

  async function ask(method: string, params: Json = {}): Promise<{ text: string; result: Json }> {
    const { message, text } = await client.request(method, params);
    expect(message.result, text).toBeDefined();
    return { text, result: withoutHubs(message.result as Json) };
  }

  /** Takes away, after checking them, the members that the modern wire demands of the hub itself. */
  function withoutHubs(result: Json): Json {
    const { resultType, ttlMs, cacheScope, _meta, ...rest } = result;
    const meta = { ...(_meta as Json | undefined) };
    if (front === 'modern') {
      expect(resultType).toBe('complete');
      expect(meta['io.modelcontextprotocol/serverInfo']).toMatchObject({ name: 'hatago' });
    } else {
      expect(resultType).toBeUndefined();
      expect(meta).not.toHaveProperty(['io.modelcontextprotocol/serverInfo']);
    }
    delete meta['io.modelcontextprotocol/serverInfo'];
    if (ttlMs !== undefined)
      expect({ ttlMs, cacheScope }).toEqual({
        ttlMs: expect.any(Number),
        cacheScope: expect.stringMatching(/^(public|private)$/),
      });
    return Object.keys(meta).length === 0 ? rest : { ...rest, _meta: meta };
  }

  it('tools: schemas byte for byte, everything else unchanged', async () => {
    const { text, result } = await ask('tools/list');
    const [rich, rows] = result['tools'] as [Json, Json];
    const { execution, ...others } = rich;
    expect(others).toEqual(JSON.parse(RICH_TOOL));
    expect(execution).toEqual(front === 'legacy' ? { taskSupport: 'optional' } : undefined);
    expect(text).toContain(`"inputSchema":${INPUT_SCHEMA}`);
    expect(text).toContain(`"outputSchema":${OUTPUT_SCHEMA}`);
    expect(text).toContain(ANNOTATIONS);
    if (front === 'modern') {
      expect(rows).toEqual(JSON.parse(LIST_TOOL));
      expect(text).toContain(`"outputSchema":${LIST_SCHEMA}`);
    } else {
      expect(rows['outputSchema']).toMatchObject({
        type: 'object',
        required: ['result'],
        properties: { result: { type: 'array' } },
      });
    }
  });

  it('a tool result: unknown members and content types, numbers as they were written', async () => {
    const { text, result } = await ask('tools/call', { name: 'rich', arguments: {} });
    expect(result).toEqual(JSON.parse(RICH_RESULT));
    expect(text).toContain(`"content":${CONTENT}`);
    expect(text).toContain('"structuredContent":{"big":12345678901234567890,"nested":{"z":1,"a":[1e2]}}');
  });

  it('structured content that is no object: as it is, or wrapped like its schema', async () => {
    const { result } = await ask('tools/call', { name: 'rows', arguments: {} });
    const plain = JSON.parse(ROWS_RESULT) as Json;
    const wrapped = { ...plain, structuredContent: { result: plain['structuredContent'] } };
    expect(result).toEqual(front === 'legacy' ? wrapped : plain);
  });

  it('resources, templates and prompts', async () => {
    const resources = (await ask('resources/list')).result['resources'] as unknown[];
    expect(resources).toContainEqual(JSON.parse(RESOURCE));
    const templates = (await ask('resources/templates/list')).result['resourceTemplates'];
    expect(templates).toEqual([JSON.parse(TEMPLATE)]);
    expect((await ask('prompts/list')).result['prompts']).toEqual([JSON.parse(PROMPT)]);
  });

  it('a prompt and the contents of a resource', async () => {
    const prompt = await ask('prompts/get', { name: 'greet', arguments: { who: 'x' } });
    expect(prompt.result).toEqual(JSON.parse(PROMPT_RESULT));
    const contents = await ask('resources/read', { uri: 'journal://page/1' });
    expect(contents.result).toEqual(JSON.parse(CONTENTS_RESULT));
  });

  it('a request: unknown members, vendor and trace keys of _meta, arguments byte for byte', async () => {
    const args = `{"z":1.0,"a":12345678901234567890,"10":"\\u00e9","9":null}`;
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const mark = `${front} to ${upstream}`;
    const meta = { traceparent, tracestate: 'a=b', baggage: 'k=v', 'com.example/vendor': { mark } };
    await client.request('tools/call', { name: 'rich', arguments: 'ARGS', 'x-param': { mark }, _meta: meta });
    const seen = servers[upstream]
      .read()
      .filter(({ params }) => (params?.['x-param'] as Json | undefined)?.['mark'] === mark);
    expect(seen).toHaveLength(1);
    const { _meta, ...params } = seen[0]?.params ?? {};
    expect(params).toEqual({ name: 'rich', arguments: 'ARGS', 'x-param': { mark } });
    expect(_meta).toMatchObject({ tracestate: 'a=b', baggage: 'k=v', 'com.example/vendor': { mark } });
    expect((_meta as Json)['traceparent']).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    expect(await rawCall(args)).toContain(`"arguments":${args}`);
  });

  /** Sends arguments as this text; gives what the server received. */
  async function rawCall(args: string): Promise<string> {
    const before = servers[upstream].read().length;
    const meta = front === 'modern' ? JSON.stringify(withEnvelope({}, {})['_meta']) : '{}';
    const body = `{"name":"rich","arguments":${args},"_meta":${meta}}`;
    await client.send('tools/call', { name: 'rich' }, undefined, body).answer;
    return servers[upstream].read()[before]?.raw ?? '';
  }
});

it('a result type of an extension passes where client and server declare it', async () => {
  const capabilities = { extensions: { 'com.example/shapes': {} } };
  const client = connectModernHttp(`${hub.url}/modern`, { capabilities });
  const { message, text } = await client.request('tools/call', { name: 'shape', arguments: {} });
  expect(message.result, text).toMatchObject({ resultType: 'com.example/shape', corners: [1, 2.5] });
  expect(text).toContain('"corners":[1.0,2.50]');
});
