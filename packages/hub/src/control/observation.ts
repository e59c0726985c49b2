import { CODES, type HubCode, isRecord } from '@hatago/protocol';
import type { Outcome } from '../core/exchange.ts';
import type { BuiltGeneration } from './build.ts';
import type { GenerationDiff } from './control-plane.ts';

/** Options of {@link observe}. */
export interface ObservationOptions {
  /** The servers whose requests count. */
  readonly servers: ReadonlySet<string>;
  /** Share of failed requests, 0 to 1, above which the generation has failed. */
  readonly threshold: number;
  /** Requests that must have ended before the share counts. */
  readonly minCalls: number;
  /** How long requests are watched, in milliseconds. */
  readonly windowMs: number;
  /** Called once when the generation has failed, with why. */
  failed(why: string): void;
}

/** Failures that speak against the server, not against what was asked of it. */
const FAULTS: readonly HubCode[] = [
  'HATAGO_UPSTREAM_UNAVAILABLE',
  'HATAGO_UPSTREAM_LOST',
  'HATAGO_UPSTREAM_TIMEOUT',
  'HATAGO_UPSTREAM_PROTOCOL',
  'HATAGO_UPSTREAM_AUTH_REQUIRED',
  'HATAGO_CIRCUIT_OPEN',
  'HATAGO_INTERNAL',
];
const FAULT_CODES: ReadonlySet<unknown> = new Set(FAULTS.map((code) => CODES[code].rpc));

/** Watches how the requests to servers of a new generation end; the returned function ends that. */
export function observe(generation: BuiltGeneration, options: ObservationOptions): () => void {
  const { servers, threshold, minCalls, windowMs } = options;
  const byServer = new Map<string, number>();
  let calls = 0;
  let failures = 0;
  const end = (): void => {
    clearTimeout(timer);
    if (generation.observer === count) generation.observer = undefined;
  };
  const count = (server: string, outcome: Outcome): void => {
    if (!servers.has(server)) return;
    calls++;
    if (!isFault(outcome)) return;
    failures++;
    byServer.set(server, (byServer.get(server) ?? 0) + 1);
    if (calls < minCalls || failures / calls <= threshold) return;
    end();
    options.failed(`${failures} of its first ${calls} calls failed, of ${namesOf(byServer)}`);
  };
  const timer = setTimeout(end, windowMs).unref();
  generation.observer = count;
  return end;
}

/** Watches the servers that are new in a generation, as its configuration says; the returned function ends that. */
export function watchOver(next: BuiltGeneration, diff: GenerationDiff, failed: (why: string) => void): () => void {
  const { errorRateThreshold, minCalls, windowMs } = next.config.rollover;
  const fresh = [...diff.added, ...diff.changed.map(({ server }) => server)];
  // One that may not be started is meant to fail.
  const servers = new Set(fresh.filter((id) => next.config.mcpServers[id]?.blocked === undefined));
  if (servers.size === 0 || errorRateThreshold >= 1) return () => {};
  return observe(next, { servers, threshold: errorRateThreshold, minCalls, windowMs, failed });
}

function isFault(outcome: Outcome): boolean {
  if (outcome.kind !== 'error') return false;
  const error = outcome.error.value();
  return isRecord(error) && FAULT_CODES.has(error.code);
}

const namesOf = (byServer: ReadonlyMap<string, number>): string =>
  [...byServer].map(([server, failures]) => `${server} ${failures}`).join(', ');
