// Runs the load generator as a process of its own.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const LOADGEN = fileURLToPath(new URL('../loadgen.mjs', import.meta.url));

/**
 * Drives a system with the load generator; resolves with what it printed, `{ fatal }` when it failed.
 * @param {{ target: { url: string, era: string, headers?: Record<string, string> }, pid: number, expect: number }} context
 * @param {{ sessions: number, work: string, warmup: number, duration: number }} options seconds
 * @param {{ cpu?: number, onChild?: (child: import('node:child_process').ChildProcess) => void }} [where]
 * @returns {Promise<object>}
 */
export function driveLoad({ target, pid, expect }, options, { cpu, onChild } = {}) {
  const args = [LOADGEN, '--url', target.url, '--era', target.era, '--pid', pid, '--expect-tools', expect];
  for (const [name, value] of Object.entries(target.headers ?? {})) args.push('--header', `${name}: ${value}`);
  for (const [name, value] of Object.entries(options)) args.push(`--${name}`, value);
  const pinned = cpu === undefined ? [] : ['taskset', '-c', cpu];
  const [cmd, ...rest] = [...pinned, process.execPath, ...args].map(String);
  const limits = { maxBuffer: 1 << 24, timeout: 60_000 + (options.warmup + options.duration) * 2000 };
  return new Promise((resolve) => {
    const child = execFile(cmd, rest, limits, (error, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout));
      } catch {
        resolve({ fatal: `load generator: ${error?.message ?? ''} ${stderr}`.slice(0, 300) });
      }
    });
    onChild?.(child);
  });
}
