import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { type RunningHub, startHub } from './hub.ts';
import { hatagoBin } from './paths.ts';
import { type Ended, type RunOptions, run } from './processes.ts';
import type { Scope } from './scope.ts';
import { type JournalServer, journal } from './servers.ts';

/** Runs a command to its end. */
export const hatago = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  run(process.execPath, [hatagoBin, ...args], { ...options, env: { HATAGO_LOG_LEVEL: 'warn', ...options.env } });

/** A running hub, and the commands that act on it. */
export interface Live {
  readonly hub: RunningHub;
  readonly server: JournalServer;
  /** Runs a command for this hub. */
  readonly cli: (...args: string[]) => Promise<Ended>;
  /** Runs a command that must go well, and reads its JSON. */
  readonly json: <T>(...args: string[]) => Promise<T>;
}

/** What {@link live} starts besides the server `j`. */
export interface LiveOptions {
  readonly servers?: Record<string, object>;
  /** Further members of the configuration. */
  readonly more?: object;
  /** Whether to wait until all servers have settled. @default true */
  readonly ready?: boolean;
}

/** Starts a hub with one server that runs, `j`, and whatever else is configured. */
export async function live(scope: Scope, { servers = {}, more = {}, ready = true }: LiveOptions = {}): Promise<Live> {
  const server = await journal(scope, { transport: 'stdio', era: 'legacy' });
  const hub = await startHub(scope, { mcpServers: { j: server.entry, ...servers }, ...more }, { ready });
  const env = { HATAGO_HOME: hub.home };
  const cli = (...args: string[]): Promise<Ended> => hatago([...args, '-c', hub.configFile], { env });
  return {
    hub,
    server,
    cli,
    async json<T>(...args: string[]): Promise<T> {
      const { code, stdout, stderr } = await cli(...args, '--json');
      expect(code, stderr).toBe(0);
      return JSON.parse(stdout) as T;
    },
  };
}

/** Changes the configuration file of a hub. */
export function edit(hub: RunningHub, change: (config: { mcpServers: Record<string, object> }) => void): void {
  const config = JSON.parse(readFileSync(hub.configFile, 'utf8')) as { mcpServers: Record<string, object> };
  change(config);
  writeFileSync(hub.configFile, JSON.stringify(config, null, 2));
}
