// A server of another kind than the hub knows needs no more than a fetch function: here, one in memory.
const TOOL = {
  name: 'echo',
  description: 'Returns the text it is given.',
  inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
};

const METHODS = {
  'server/discover': () => ({
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: {} },
    ttlMs: 60_000,
    cacheScope: 'public',
    _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'echo', version: '1.0.0' } },
  }),
  'tools/list': () => ({ tools: [TOOL], ttlMs: 60_000, cacheScope: 'public' }),
  'tools/call': ({ arguments: args }) => ({ content: [{ type: 'text', text: String(args?.text ?? '') }] }),
};

export const echoServer = {
  /** @param {Request} request */
  async fetch(request) {
    const { id, method, params } = await request.json();
    if (id === undefined) return new Response(null, { status: 202 });
    const answer = METHODS[method];
    if (answer === undefined) {
      const error = { code: -32601, message: `No such method: ${method}` };
      return Response.json({ jsonrpc: '2.0', id, error }, { status: 404 });
    }
    return Response.json({ jsonrpc: '2.0', id, result: { resultType: 'complete', ...answer(params) } });
  },
};
