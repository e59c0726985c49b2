// What the benchmark's MCP server offers, apart from the transport that carries it.

const VERSIONS_2025 = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
const MODERN = '2026-07-28';
const META = 'io.modelcontextprotocol/';

const schema = (properties, required) => ({ type: 'object', properties, required });
const text = { type: 'string' };
const integer = { type: 'integer' };

const WORKING = [
  { name: 'echo', description: 'Returns the text it is given.', inputSchema: schema({ text }, ['text']) },
  {
    name: 'blob',
    description: 'Returns a text of the given size.',
    inputSchema: schema({ bytes: integer }, ['bytes']),
  },
  { name: 'sleep', description: 'Answers after a delay.', inputSchema: schema({ ms: integer }, ['ms']) },
  {
    name: 'progress',
    description: 'Sends progress notifications, then answers.',
    inputSchema: schema({ steps: integer }, ['steps']),
  },
];

const filler = (server, i) => ({
  name: `filler_${i}`,
  description: `Filler tool ${i} of ${server}. Its description has the length that real tool descriptions tend to have, so that a list of many tools has a realistic size on the wire.`,
  inputSchema: schema(
    {
      path: { type: 'string', description: 'Path of the file to work on, relative to the project root.' },
      limit: { type: 'integer', minimum: 1, maximum: 1000, description: 'Most results to return.' },
      mode: { type: 'string', enum: ['fast', 'exact', 'fuzzy'], description: 'How to match.' },
    },
    ['path'],
  ),
});

const reply = (id, resultJson) => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${resultJson}}`;

/** JSON text of an error answer. */
export const toError = (id, code, message) => JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } });

/** Whether a request is of the 2026-07-28 era. */
export const isModern = (message) => message.params?._meta?.[`${META}protocolVersion`] === MODERN;

const blobs = new Map(); // bytes -> JSON text, so that a large answer costs one write
function blobJson(bytes) {
  let json = blobs.get(bytes);
  if (json === undefined) {
    json = JSON.stringify('x'.repeat(bytes));
    blobs.set(bytes, json);
  }
  return json;
}

/**
 * Makes the function that answers one message: `handle(message, send)` calls `send(json, last)` with each outgoing
 * message, `last` marking the response. Notifications get no answer.
 * @param {{ name: string, tools: number }} options `tools` is how many there are, fillers included
 */
export function createToolset({ name, tools: count }) {
  const serverInfo = { name: `bench-${name}`, version: '1.0.0' };
  const tools = [...WORKING];
  for (let i = tools.length; i < count; i++) tools.push(filler(name, i));
  const toolsJson = JSON.stringify(tools);
  const modernEnd = `"resultType":"complete","_meta":{"${META}serverInfo":${JSON.stringify(serverInfo)}}`;
  const cacheEnd = `"ttlMs":60000,"cacheScope":"public",${modernEnd}`;

  function call(message, send) {
    const { id, params } = message;
    const end = isModern(message) ? `,${modernEnd}` : '';
    const answer = (json) => send(reply(id, `{"content":[{"type":"text","text":${json}}]${end}}`), true);
    const args = params.arguments ?? {};
    switch (params.name) {
      case 'echo':
        return answer(JSON.stringify(args.text ?? ''));
      case 'blob':
        return answer(blobJson(args.bytes));
      case 'sleep':
        setTimeout(() => answer(`"slept ${Number(args.ms)}"`), args.ms);
        return;
      case 'progress': {
        const progressToken = params._meta?.progressToken;
        for (let i = 1; i <= args.steps && progressToken !== undefined; i++) {
          const step = { progressToken, progress: i, total: args.steps };
          send(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params: step }), false);
        }
        return answer(`"progressed ${Number(args.steps)}"`);
      }
      default:
        if (params.name?.startsWith('filler_')) return answer('"ok"');
        return send(toError(id, -32602, `Unknown tool: ${params.name}`), true);
    }
  }

  return function handle(message, send) {
    const { id, method, params } = message;
    if (id === undefined || method === undefined) return;
    const result = (json) => send(reply(id, json), true);
    switch (method) {
      case 'tools/call':
        return call(message, send);
      case 'tools/list':
        return result(`{"tools":${toolsJson}${isModern(message) ? `,${cacheEnd}` : ''}}`);
      case 'initialize': {
        const asked = params?.protocolVersion;
        const protocolVersion = VERSIONS_2025.includes(asked) ? asked : VERSIONS_2025[0];
        return result(JSON.stringify({ protocolVersion, capabilities: { tools: {} }, serverInfo }));
      }
      case 'server/discover':
        return result(`{"supportedVersions":["${MODERN}"],"capabilities":{"tools":{}},${cacheEnd}}`);
      case 'ping':
      case 'logging/setLevel':
        return result('{}');
      // Not declared as capabilities, but some hubs ask anyway.
      case 'resources/list':
        return result('{"resources":[]}');
      case 'resources/templates/list':
        return result('{"resourceTemplates":[]}');
      case 'prompts/list':
        return result('{"prompts":[]}');
      default:
        return send(toError(id, -32601, `Method not found: ${method}`), true);
    }
  };
}
