import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './paths.ts';

/** How a process is started. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** It is killed after this time. @default 30000 */
  readonly limitMs?: number;
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const alive = new Set<ChildProcess>();
/** What is written to a user's home is not written to that of whoever runs the tests. */
const home = mkdtempSync(join(tmpdir(), 'hatago-e2e-home-'));
const PLACES = {
  HOME: home,
  USERPROFILE: home,
  XDG_CACHE_HOME: join(root, '.cache/user'),
  npm_config_cache: process.env['npm_config_cache'] ?? join(homedir(), '.npm'),
};
process.once('exit', () => {
  for (const child of alive) killGroup(child.pid, 'SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

/** Starts a program in a process group of its own; it does not outlive the tests. */
export function start(command: string, args: readonly string[], options: RunOptions = {}): ChildProcess {
  const { NODE_OPTIONS: _, VITEST: __, FORCE_COLOR: ___, ...env } = process.env;
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...env, ...PLACES, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  alive.add(child);
  child.once('exit', () => alive.delete(child));
  child.stdin?.on('error', () => {});
  return child;
}

/** Runs a program to its end. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = start(command, args, options);
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  child.stdin?.end(options.input ?? '');
  const timer = setTimeout(() => killGroup(child.pid, 'SIGKILL'), options.limitMs ?? 30_000);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(timer);
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

/** Keeps what a stream says. */
export function collect(stream: NodeJS.ReadableStream | null): { text(): string } {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { text: () => Buffer.concat(chunks).toString('utf8') };
}

/** Resolves with the first line on stdout that is a JSON object, rejects when the process ends before. */
export function firstJsonLine<T>(child: ChildProcess, limitMs = 20_000): Promise<T> {
  const stderr = collect(child.stderr);
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => done(new Error(`no line on stdout in ${limitMs} ms`)), limitMs);
    const done = (error: Error): void => {
      clearTimeout(timer);
      reject(new Error(`${error.message}\nstdout: ${text}\nstderr: ${stderr.text()}`));
    };
    child.once('error', done);
    child.once('exit', (code, signal) => done(new Error(`ended with ${code ?? signal}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const line = text.split('\n').find((candidate) => candidate.startsWith('{') && candidate.endsWith('}'));
      if (line === undefined) return;
      clearTimeout(timer);
      resolve(JSON.parse(line) as T);
    });
  });
}

/** Resolves when the process has ended, at once if it has already. */
export function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}

/** Whether anything of a process group is left. */
export function groupLives(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Sends a signal to a process group, if it is there. */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nothing of it is left.
  }
}
