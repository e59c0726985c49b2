// Everything that can be measured, by name. Further systems come from the modules named, comma-separated, in
// BENCH_SYSTEMS; each exports `systems`, a record of the same shape.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { systems as direct } from './adapters/direct.mjs';
import { systems as ours } from './adapters/ours.mjs';
import { systems as peers } from './adapters/peers.mjs';

/**
 * @typedef {object} Backend
 * @property {string} name
 * @property {number} tools
 * @property {string} [url] where it listens; absent when the system is to start it over stdio
 *
 * @typedef {object} Command
 * @property {string} cmd
 * @property {string[]} args
 * @property {Record<string, string>} [env]
 * @property {string} [cwd]
 * @property {string} url the MCP endpoint to drive
 * @property {Record<string, string>} [headers] sent with every request
 *
 * @typedef {object} System
 * @property {'hub' | 'peer' | 'limit'} role ours, somebody else's, or no hub at all
 * @property {'2025' | '2026' | 'sse'} era what the client speaks to it
 * @property {string[]} scenarios those it can take part in
 * @property {(o: { port: number, dir: string, backends: Backend[] }) => Command} start
 *   how it is started; `dir` is a scratch directory of its own
 * @property {string} [needs] a file without which it cannot be measured
 * @property {boolean} [bridge] fronts exactly one server
 * @property {boolean} [processPerSession] starts a server process for each session or request
 * @property {number} [maxSessions] more are not tried
 * @property {string} [bin] its command line, for S9
 * @property {boolean} [warmStart] for S5, served once before with the same directory
 */

/** @type {Record<string, System>} */
export const systems = { ...ours, ...direct, ...peers };

for (const file of (process.env.BENCH_SYSTEMS ?? '').split(',').filter(Boolean)) {
  Object.assign(systems, (await import(pathToFileURL(path.resolve(file)).href)).systems);
}
