import type { ServerView } from '@hatago/hub/control/control-plane.ts';
import type { Readiness } from '@hatago/hub/core/readiness.ts';
import { type HubOptions, requireHub } from '../control/require-hub.ts';
import { EXIT } from '../exit.ts';
import { print, printJson } from '../output.ts';
import { withProgress } from '../progress.ts';

const DONE = { start: 'runs', stop: 'is stopped', restart: 'was started anew' } as const;

/** Starts, stops or restarts one server of the running hub. */
export async function control(verb: keyof typeof DONE, id: string, options: HubOptions): Promise<void> {
  const hub = requireHub(options);
  const path = `/servers/${encodeURIComponent(id)}/${verb}`;
  const server = await withProgress(`${verb} ${id}`, () => hub.post<ServerView>(path));
  if (options.json) return printJson(server);
  const pids = server.supervision?.pids ?? [];
  print(`${server.id} ${DONE[verb]}${pids.length === 0 ? '' : ` (process ${pids.join(', ')})`}.`);
}

interface ServerTest {
  readonly reachable: boolean;
  readonly authenticated: boolean;
  readonly answers: boolean;
  readonly tools: number;
  readonly ms: number;
  readonly readiness: Readiness;
}

/** Tries one server of the running hub, in three steps; exit code 1 when it does not answer. */
export async function testServer(id: string, options: HubOptions): Promise<void> {
  const hub = requireHub(options);
  const path = `/servers/${encodeURIComponent(id)}/test`;
  const result = await withProgress(`test ${id}`, () => hub.post<ServerTest>(path));
  if (!result.answers) process.exitCode = EXIT.failure;
  if (options.json) return printJson(result);
  const mark = (good: boolean): string => (good ? '✓' : '✗');
  print(`${mark(result.reachable)} it can be reached`);
  print(`${mark(result.authenticated)} it takes our credentials`);
  print(`${mark(result.answers)} it answers${result.answers ? ` (${result.tools} tools, ${result.ms} ms)` : ''}`);
  const { state, message, fix } = result.readiness;
  if (message !== undefined) print(`\n${state}: ${message}${fix === undefined ? '' : `\n  ${fix}`}`);
}
