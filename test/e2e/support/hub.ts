import { join } from 'node:path';
import { assertBuilt, hatagoBin } from './paths.ts';
import { collect, ended, firstJsonLine, killGroup, start } from './processes.ts';
import type { Scope } from './scope.ts';
import { until } from './until.ts';

/** A hub that serves HTTP. */
export interface RunningHub {
  /** Ends in `/mcp`. */
  readonly url: string;
  readonly pid: number;
  /** Its state directory. */
  readonly home: string;
  readonly configFile: string;
  /** All it wrote to stderr. */
  stderr(): string;
  /** Sends a signal and waits for its end; resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** How a hub is started. */
export interface HubOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether to wait until all servers have settled. @default true */
  readonly ready?: boolean;
}

/** Writes a configuration and names a state directory beside it. */
export function writeConfig(scope: Scope, config: object): { file: string; home: string; env: Record<string, string> } {
  const file = scope.file('hatago.config.json', JSON.stringify({ version: 2, ...config }, null, 2));
  const home = join(file, '..', 'home');
  return { file, home, env: { HATAGO_HOME: home, HATAGO_LOG: 'json' } };
}

/** Starts a hub with this configuration on a free port of 127.0.0.1; the scope ends it. */
export async function startHub(scope: Scope, config: object, options: HubOptions = {}): Promise<RunningHub> {
  assertBuilt();
  const { file, home, env } = writeConfig(scope, config);
  const args = ['serve', '--http', '--host', '127.0.0.1', '--port', '0', '--json', '--config', file];
  const child = start(process.execPath, [hatagoBin, ...args, ...(options.args ?? [])], {
    env: { ...env, ...options.env },
  });
  const stderr = collect(child.stderr);
  const { url, pid } = await firstJsonLine<{ url: string; pid: number }>(child);
  child.stdin?.end();
  let expected = false;
  child.once('exit', (code) => {
    // A signal from outside is a test's own doing.
    if (!expected && code !== null && code !== 0)
      console.error(`the hub ended with ${code}:\n${stderr.text().slice(-4000)}`);
  });
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    expected = true;
    child.kill(signal);
    const code = await ended(child);
    killGroup(child.pid, 'SIGKILL');
    return code;
  };
  scope.defer(async () => {
    await stop();
  });
  const hub = { url, pid, home, configFile: file, stderr: () => stderr.text(), stop };
  if (options.ready ?? true) await ready(hub);
  return hub;
}

/** Waits until the hub says that its servers have settled. */
export async function ready(hub: RunningHub, limitMs = 30_000): Promise<void> {
  const page = hub.url.replace(/\/mcp$/, '/readyz');
  await until(`${page} is 200`, async () => (await fetch(page)).status === 200, limitMs);
}
