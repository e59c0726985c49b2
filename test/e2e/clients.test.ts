import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningHub, startHub } from './support/hub.ts';
import { binOf, hatagoBin } from './support/paths.ts';
import { run } from './support/processes.ts';
import { createScope } from './support/scope.ts';
import { connectSdk, SDK_KINDS, type SdkClient, type Target } from './support/sdk-clients.ts';
import { everything, journal } from './support/servers.ts';
import { textOf } from './support/wire/client.ts';
import { connectStdio } from './support/wire/duplex.ts';

const scope = createScope();
let hub: RunningHub;

/** The npm server-everything in its three transports, and a server of ours in each era. */
const EVERYTHING = ['everything', 'ehttp', 'esse'] as const;

beforeAll(async () => {
  const [ehttp, esse, old, young] = await Promise.all([
    everything(scope, 'http'),
    everything(scope, 'sse'),
    journal(scope, { era: 'legacy', transport: 'http' }),
    journal(scope, { era: 'modern', transport: 'http' }),
  ]);
  const mcpServers = {
    everything: await everything(scope, 'stdio'),
    ehttp,
    esse,
    old: old.entry,
    young: young.entry,
  };
  hub = await startHub(scope, { mcpServers });
});
afterAll(() => scope.close());

/** Every stdio client starts a hub of its own, with a state directory of its own. */
const stdioTarget = (): Exclude<Target, { url: string }> => ({
  command: process.execPath,
  args: [hatagoBin, 'serve', '--stdio', '--config', hub.configFile],
  env: { ...(process.env as Record<string, string>), HATAGO_HOME: `${hub.home}-stdio` },
});

const SDKS = SDK_KINDS.flatMap((kind) => (['HTTP', 'stdio'] as const).map((over) => ({ kind, over })));

describe.each(SDKS)('$kind over $over', ({ kind, over }) => {
  let client: SdkClient;

  beforeAll(async () => {
    client = await connectSdk(kind, over === 'HTTP' ? { url: hub.url } : stdioTarget());
  });
  afterAll(() => client?.close());

  it('speaks the era it was told to', () => {
    expect(client.era).toBe(kind.endsWith('auto') || kind.endsWith('pinned') ? 'modern' : 'legacy');
  });

  it('lists the tools of all servers', async () => {
    const names = (await client.listTools()).map(({ name }) => name);
    for (const server of EVERYTHING) expect(names).toContain(`${server}_echo`);
    expect(names).toContain('old_ask');
    expect(names).toContain('young_ask');
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(EVERYTHING)('calls tools of %s', async (server) => {
    expect(await client.callTool(`${server}_echo`, { message: `hi ${server}` })).toBe(`Echo: hi ${server}`);
    expect(await client.callTool(`${server}_get-sum`, { a: 2, b: 40 })).toContain('42');
  });

  it.each(EVERYTHING)('sees the progress of %s', async (server) => {
    const seen: number[] = [];
    const text = await client.callTool(
      `${server}_trigger-long-running-operation`,
      { duration: 0.2, steps: 4 },
      ({ progress, total }) => {
        // Without a total it is the SDK's own, for a question it answered on the way.
        if (total !== undefined) seen.push(progress / total);
      },
    );
    expect(text).toContain('completed');
    // The last may be overtaken by the answer inside the client.
    expect([...seen, 1].slice(0, 4)).toEqual([0.25, 0.5, 0.75, 1]);
  });

  it('reads every resource that the servers list, also where they call it the same', async () => {
    const resources = (await client.listResources()).filter(({ name }) => name === 'architecture.md');
    expect(resources).toHaveLength(EVERYTHING.length);
    expect(new Set(resources.map(({ uri }) => uri)).size).toBe(EVERYTHING.length);
    for (const { uri } of resources) expect(await client.readResource(uri)).toContain('Everything');
  });

  it('reads a resource of a template', async () => {
    expect(await client.readResource('demo://resource/dynamic/text/7')).toContain('Resource 7');
  });

  it.each(EVERYTHING)('gets prompts of %s', async (server) => {
    expect(await client.getPrompt(`${server}_simple-prompt`, {})).toContain('simple prompt');
    expect(await client.getPrompt(`${server}_args-prompt`, { city: 'Kyoto' })).toContain('Kyoto');
  });

  it.each(EVERYTHING)('gets completions of %s', async (server) => {
    const prompt = `${server}_completable-prompt`;
    expect(await client.complete(prompt, { name: 'department', value: 'S' })).toEqual(['Sales', 'Support']);
    const named = await client.complete(prompt, { name: 'name', value: '' }, { department: 'Sales' });
    expect(named).toEqual(['David', 'Eve', 'Frank']);
  });

  it.each(EVERYTHING)('answers what %s asks', async (server) => {
    expect(await client.callTool(`${server}_trigger-elicitation-request`, {})).toContain('Name: Kyou');
    const spoken = await client.callTool(`${server}_trigger-sampling-request`, { prompt: 'say', maxTokens: 5 });
    expect(spoken).toContain('a model spoke');
  });

  it.each(['old', 'young'])('answers what a server of the %s era asks', async (server) => {
    const ask = (askKind: string) => client.callTool(`${server}_ask`, { nonce: 'n', kind: askKind });
    expect(await ask('elicitation')).toBe('n:kettle');
    expect(await ask('sampling')).toBe('n:a model spoke');
    expect(await ask('roots')).toBe('n:file:///srv/inn');
  });

  it('is told of a tool nobody has', async () => {
    await expect(client.callTool('everything_nothing', {})).rejects.toMatchObject({ code: -32602 });
  });
});

describe.each(['HTTP', 'stdio'])('the Inspector over %s', (over) => {
  const inspector = binOf('@modelcontextprotocol/inspector-cli', 'mcp-inspector-cli');

  async function inspect(method: string, ...args: string[]): Promise<string> {
    const { command, env } = stdioTarget();
    // On a pipe the hub serves stdio by itself; `--config` would be taken for the Inspector's own.
    const target = over === 'HTTP' ? [hub.url, '--transport', 'http'] : [command, hatagoBin, 'serve'];
    const ended = await run(process.execPath, [inspector, '--cli', ...target, '--method', method, ...args], {
      env: { ...env, HATAGO_CONFIG: hub.configFile },
      // It looks for its own manifest from where it is run.
      cwd: dirname(inspector),
    });
    expect(ended.code, `${ended.stderr}\n${ended.stdout}`).toBe(0);
    return ended.stdout;
  }

  it('lists and calls tools', async () => {
    const { tools } = JSON.parse(await inspect('tools/list')) as { tools: { name: string }[] };
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(EVERYTHING.map((server) => `${server}_echo`)));
    const called = await inspect('tools/call', '--tool-name', 'esse_echo', '--tool-arg', 'message=hello');
    expect(JSON.parse(called)).toMatchObject({ content: [{ type: 'text', text: 'Echo: hello' }] });
  });

  it('reads resources and prompts', async () => {
    const read = await inspect('resources/read', '--uri', 'demo://resource/dynamic/text/3');
    expect(JSON.parse(read)).toMatchObject({ contents: [{ uri: 'demo://resource/dynamic/text/3' }] });
    const prompt = await inspect('prompts/get', '--prompt-name', 'ehttp_args-prompt', '--prompt-args', 'city=Nara');
    expect(prompt).toContain('Nara');
  });
});

describe('mcp-remote', () => {
  it('carries a stdio client to the hub over HTTP', async () => {
    const script = binOf('mcp-remote', 'mcp-remote');
    const progress: unknown[] = [];
    const args = [script, hub.url, '--transport', 'http-only'];
    const client = await connectStdio(process.execPath, args, {
      version: '2025-06-18',
      env: { MCP_REMOTE_CONFIG_DIR: scope.dir() },
      notice: ({ method, params }) => {
        if (method === 'notifications/progress') progress.push(params?.['progress']);
      },
      ask: ({ method }) => (method === 'roots/list' ? { roots: [] } : { action: 'accept', content: { name: 'Far' } }),
    });
    const { tools } = (await client.request('tools/list')).message.result as { tools: { name: string }[] };
    expect(tools.map(({ name }) => name)).toContain('everything_echo');
    const call = (name: string, input: object, more: object = {}) =>
      client.request('tools/call', { name, arguments: input, ...more });
    expect(textOf(await call('everything_echo', { message: 'hi' }))).toBe('Echo: hi');
    const long = { duration: 0.2, steps: 2 };
    await call('ehttp_trigger-long-running-operation', long, { _meta: { progressToken: 'p' } });
    expect(progress).toEqual([1, 2]);
    const asked = await call('ehttp_trigger-elicitation-request', {});
    expect(asked.text).toContain('Name: Far');
    const read = await client.request('resources/read', { uri: 'demo://resource/dynamic/text/5' });
    expect(read.text).toContain('Resource 5');
    const prompt = await client.request('prompts/get', { name: 'esse_simple-prompt' });
    expect(prompt.text).toContain('simple prompt');
    const ref = { type: 'ref/prompt', name: 'everything_completable-prompt' };
    const completed = await client.request('completion/complete', {
      ref,
      argument: { name: 'department', value: 'E' },
    });
    expect(completed.message.result).toMatchObject({ completion: { values: ['Engineering'] } });
    await client.close();
  });
});
