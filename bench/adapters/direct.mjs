// The benchmark's MCP server without any hub: what no hub can be better than.
import { httpBackendArgs } from '../lib/command.mjs';

const startServer = ({ port, backends: [{ name, tools }] }) => ({
  cmd: process.execPath,
  args: httpBackendArgs({ name, tools, port }),
  url: `http://127.0.0.1:${port}/mcp`,
});

/** @type {Record<string, import('../systems.mjs').System>} */
export const systems = {
  direct: { role: 'limit', era: '2025', bridge: true, scenarios: ['S1', 'S6', 'S7'], start: startServer },
  'direct-2026': { role: 'limit', era: '2026', bridge: true, scenarios: ['S1', 'S7'], start: startServer },
};
