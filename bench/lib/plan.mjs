// The command line of `npm run bench`, and what it asks to be measured.
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SCENARIOS } from '../scenarios.mjs';
import { systems } from '../systems.mjs';
import { readEnvironment } from './environment.mjs';

const ALL = Object.keys(SCENARIOS);
const OURS = Object.keys(systems).filter((name) => systems[name].role === 'hub');
const OTHERS = Object.keys(systems).filter((name) => systems[name].role !== 'hub');

export const HELP = `Measures the hub beside other hubs and bridges; exits 1 when a limit of bench/limits.mjs is missed.

Usage: npm run bench -- [options]

  --quick              1 short round without peers: for development, not for quoting
  --scenarios LIST     some of ${ALL.join(',')} (default: all)
  --peers LIST         systems beside ours, or none; some of
                       ${OTHERS.join(',')}
                       (default: all)
  --no-hub             without ours
  --rounds N           default 3; medians are over rounds
  --duration SECONDS   measured per cell (default 3)
  --warmup SECONDS     before each cell (default 1)
  --idle-sessions N    in S8 (default 1000)
  --no-pin             let the scheduler place processes (default when there is one CPU or no taskset)
  --write              write docs/benchmarks.md
  --json               print one JSON object instead of tables
  --out FILE           where the measurements are kept (default bench/results/latest.json)
  --from FILE          do not measure: judge and print what a run has kept
  --verbose            show the end of a system's log when it fails
  --help

Exit codes: 0 every measured limit is met, 1 a limit is missed, 2 the command line is wrong.

Examples
  npm run bench                                       everything, about 28 minutes
  npm run bench -- --quick --scenarios S2,S3          half a minute
  npm run bench -- --scenarios S2 --peers mcp-proxy   one scenario beside one peer
  npm run bench -- --from bench/results/latest.json --write
`;

/** What the command line says that cannot be done. */
export class UsageError extends Error {}

/** Reads the command line. @param {string[]} argv @throws {UsageError} */
export function readOptions(argv) {
  const flag = { type: 'boolean', default: false };
  const text = { type: 'string' };
  try {
    return parseArgs({
      args: argv,
      options: {
        ...{ quick: flag, 'no-hub': flag, 'no-pin': flag, write: flag, json: flag, verbose: flag, help: flag },
        ...{ scenarios: text, peers: text, rounds: text, duration: text, warmup: text, from: text },
        'idle-sessions': { type: 'string', default: '1000' },
        out: { type: 'string', default: fileURLToPath(new URL('../results/latest.json', import.meta.url)) },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error.message);
  }
}

function toNumber(name, text) {
  const value = Number(text);
  if (!(value > 0)) throw new UsageError(`--${name} must be a positive number, got "${text}"`);
  return value;
}

function toList(name, text, known) {
  const list = text.split(',').filter(Boolean);
  const unknown = list.find((item) => !known.includes(item));
  if (unknown === undefined) return list;
  throw new UsageError(`--${name}: unknown "${unknown}"; known: ${known.join(', ')}`);
}

/** Whether processes can be kept on a CPU each. */
export function canPin() {
  try {
    execFileSync('taskset', ['-c', '0,1', 'true'], { stdio: 'ignore' });
    return os.cpus().length > 1;
  } catch {
    return false;
  }
}

/**
 * @typedef {object} Plan
 * @property {string[]} names the systems, ours first
 * @property {{ scenarios: string[], ours: string[], peers: Record<string, string[]> }} asked
 *   what the limits are judged on; peers by the scenario they take part in
 * @property {import('./environment.mjs').Environment & { quick: boolean }} environment
 * @property {number} idleSessions
 */

/**
 * Decides what is to be measured, and how long.
 * @param {ReturnType<typeof readOptions>} options
 * @param {string[]} argv
 * @returns {Plan}
 * @throws {UsageError}
 */
export function readPlan(options, argv) {
  const { quick } = options;
  const ours = options['no-hub'] ? [] : OURS;
  const wanted = options.peers ?? (quick ? 'none' : OTHERS.join(','));
  const beside = toList('peers', wanted === 'none' ? '' : wanted, OTHERS);
  const scenarios = toList('scenarios', options.scenarios ?? ALL.join(','), ALL);
  const seconds = {
    firstWarmup: quick ? 1 : 4,
    warmup: toNumber('warmup', options.warmup ?? (quick ? '0.3' : '1')),
    duration: toNumber('duration', options.duration ?? (quick ? '1' : '3')),
  };
  const rounds = toNumber('rounds', options.rounds ?? (quick ? '1' : '3'));
  const pinned = !options['no-pin'] && canPin();
  const peersIn = (id) => beside.filter((n) => systems[n].role === 'peer' && systems[n].scenarios.includes(id));
  return {
    names: [...ours, ...beside],
    asked: { scenarios, ours, peers: Object.fromEntries(ALL.map((id) => [id, peersIn(id)])) },
    environment: { ...readEnvironment(argv), rounds, seconds, pinned, quick },
    idleSessions: toNumber('idle-sessions', options['idle-sessions']),
  };
}
