// Where the benchmark's MCP server is, and how a hub starts it over stdio.
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';

/** Absolute path of the MCP server that stands behind every system. */
export const BACKEND = fileURLToPath(new URL('../backend.mjs', import.meta.url));

/** Names this run on the command line of every backend, so that a leftover one can be found and ended. */
export const RUN_ID = randomUUID();

/**
 * Arguments for `process.execPath` that start one backend over stdio.
 * @param {{ name: string, tools: number }} backend
 * @returns {string[]}
 */
export const backendArgs = ({ name, tools }) => [
  BACKEND,
  '--stdio',
  '--name',
  name,
  '--tools',
  String(tools),
  '--run',
  RUN_ID,
];

/**
 * Arguments for `process.execPath` that start one backend over Streamable HTTP.
 * @param {{ name: string, tools: number, port: number }} backend
 * @returns {string[]}
 */
export const httpBackendArgs = ({ name, tools, port }) => [
  BACKEND,
  '--http',
  String(port),
  '--name',
  name,
  '--tools',
  String(tools),
  '--run',
  RUN_ID,
];
