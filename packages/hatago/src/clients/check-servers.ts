import { dirname } from 'node:path';
import type { Config } from '@hatago/hub/control/config.ts';
import { toReadiness } from '@hatago/hub/control/readiness.ts';
import { toUpstreamSpec } from '@hatago/hub/control/server-spec.ts';
import type { Readiness } from '@hatago/hub/core/readiness.ts';
import { probeServer } from '../add/probe.ts';

/** Whether a server works, and what it offers. */
export interface CheckedServer {
  readonly id: string;
  readonly readiness: Readiness;
  readonly tools: number;
  /** What its definitions cost a model that is shown all of them, estimated. */
  readonly tokens: number;
}

/** How servers are checked. */
export interface CheckOptions {
  /** The configuration file; relative folders of servers are relative to where it is. */
  readonly file: string;
  /** How long one may take, in milliseconds: a package may have to be installed first. @default 60000 */
  readonly timeoutMs?: number;
  /** Told when one is done. */
  onDone?(done: number): void;
}

/** Started at a time: more of them make each other late. */
const AT_ONCE = 4;

/** Starts each of the servers for a moment, as the hub would, and says whether it works. */
export async function checkServers(
  config: Config,
  ids: readonly string[],
  options: CheckOptions,
): Promise<readonly CheckedServer[]> {
  const results: CheckedServer[] = [];
  const queue = [...ids];
  const work = async (): Promise<void> => {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      results.push(await check(config, id, options));
      options.onDone?.(results.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return ids.flatMap((id) => results.find((result) => result.id === id) ?? []);
}

async function check(config: Config, id: string, { file, timeoutMs = 60_000 }: CheckOptions): Promise<CheckedServer> {
  const server = config.mcpServers[id];
  if (server === undefined || server.disabled || server.blocked !== undefined) {
    const readiness = toReadiness({ id, server, status: undefined, supervision: undefined, listError: undefined });
    return { id, readiness, tools: 0, tokens: 0 };
  }
  const { dependsOn: _, ...spec } = toUpstreamSpec(id, server, config, dirname(file));
  const { readiness, tools, tokens } = await probeServer(spec, { timeoutMs });
  return { id, readiness, tools, tokens };
}
