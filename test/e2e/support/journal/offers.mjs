import { TOOLS } from './tools.mjs';

const ANY = { type: 'object', properties: { nonce: { type: 'string' } } };

/** What `tools/list` says where nothing else is configured. */
export function listOf(server) {
  const own = Object.entries(TOOLS).map(([name, { taskSupport, annotations }]) => ({
    name,
    description: `The tool ${name}`,
    inputSchema: ANY,
    annotations,
    ...(taskSupport === undefined || server.era === 'modern' ? {} : { execution: { taskSupport } }),
  }));
  return [...own, ...server.extraTools.map((name) => ({ name, inputSchema: ANY }))];
}
