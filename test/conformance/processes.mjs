import { spawn } from 'node:child_process';
import { once } from 'node:events';

const KILL_AFTER_MS = 2_000;
/** @type {Set<() => void>} */
const running = new Set();

process.once('exit', killAll);
for (const [signal, code] of /** @type {const} */ ([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])) {
  process.once(signal, () => process.exit(code));
}

/**
 * Starts a command that never outlives this process.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, ownGroup?: boolean }} [options] `env` is added to ours; with
 *   `ownGroup` (the default) the command leads a process group, which is ended whole, and without it the command stays
 *   in ours, to be ended with us
 */
export function start(command, args, { cwd, env, ownGroup = true } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: ownGroup,
  });
  const signal = (/** @type {NodeJS.Signals} */ name) => signalProcess(child.pid, ownGroup, name);
  const kill = () => signal('SIGKILL');
  running.add(kill);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  /** @type {Promise<number>} */
  const exited = new Promise((resolve) => {
    child.once('error', (error) => {
      stderr += `${error.message}\n`;
      resolve(127);
    });
    child.once('close', (code, signal) => resolve(code ?? (signal ? 1 : 0)));
  });
  return {
    exited,
    stdout: () => stdout,
    stderr: () => stderr,
    /** The first line on standard output; rejects where the process ends before it. */
    async firstLine() {
      while (!stdout.includes('\n')) {
        const ended = await Promise.race([once(child.stdout, 'data').then(() => false), exited.then(() => true)]);
        if (ended && !stdout.includes('\n')) throw new Error(`${command} ended early\n${stderr}`);
      }
      return stdout.slice(0, stdout.indexOf('\n'));
    },
    /** Ends it, by force where asking does not help. */
    async stop() {
      signal('SIGTERM');
      const timer = setTimeout(kill, KILL_AFTER_MS);
      await exited;
      clearTimeout(timer);
      if (ownGroup) kill();
      running.delete(kill);
    },
  };
}

/**
 * Runs a command to its end, or to its deadline.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, timeoutMs: number }} options
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function run(command, args, { timeoutMs, ...options }) {
  const child = start(command, args, options);
  const timer = setTimeout(() => child.stop(), timeoutMs);
  const code = await child.exited;
  clearTimeout(timer);
  await child.stop();
  return { code, output: child.stdout() + child.stderr() };
}

function killAll() {
  for (const kill of running) kill();
}

/**
 * @param {number | undefined} pid
 * @param {boolean} group
 * @param {NodeJS.Signals} signal
 */
function signalProcess(pid, group, signal) {
  if (pid === undefined) return;
  try {
    process.kill(group ? -pid : pid, signal);
  } catch {
    // It is gone.
  }
}
