// What a number must be quoted with: machine, versions, command.
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { peerVersions, ROOT } from './install.mjs';

const quote = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/**
 * @typedef {{ date: string, node: string, machine: string, command: string, versions: Record<string, string>,
 *   rounds: number, seconds: { firstWarmup: number, warmup: number, duration: number }, pinned: boolean }} Environment
 */

/** Describes this run. @param {string[]} argv @returns {Omit<Environment, 'rounds' | 'seconds' | 'pinned'>} */
export function readEnvironment(argv) {
  const cpus = os.cpus();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  const release = os.release().split('.').slice(0, 2).join('.');
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'packages/hatago/package.json'), 'utf8'));
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    machine: `${cpus.length} × ${cpus[0].model.trim()}, ${memory} GB, ${os.type()} ${release} ${os.arch()}`,
    command: ['npm run bench', ...(argv.length > 0 ? ['--', ...argv.map(quote)] : [])].join(' '),
    versions: { hatago: version, ...peerVersions() },
  };
}

/** The lines that stand above every table. @param {Environment} environment */
export function toHeading({ date, node, machine, command, versions, rounds, seconds, pinned }) {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const place = pinned ? 'hub on CPU 0, load generator and servers on CPU 1' : 'processes not pinned';
  return [
    `- Command: \`${command}\``,
    `- Machine: ${machine}; Node ${node}; ${date}`,
    `- Versions: ${list.join(', ')}`,
    `- Medians of ${rounds} round${rounds === 1 ? '' : 's'}, ${seconds.duration} s measured per cell after ${seconds.firstWarmup} s + ${seconds.warmup} s of warm-up; ${place}`,
  ].join('\n');
}
