import type { GenerationRecord } from '@hatago/hub/control/control-plane.ts';
import { coloursFor } from '../colours.ts';
import type { ControlClient } from '../control/client.ts';
import { type HubOptions, requireHub } from '../control/require-hub.ts';
import { formatServers } from '../control/server-table.ts';
import type { StatusView } from '../control/views.ts';
import { formatDuration } from '../duration.ts';
import { CliError, EXIT } from '../exit.ts';
import { clean, formatTable, print, printJson } from '../output.ts';

/** Options of `hatago status`. */
export interface StatusOptions extends HubOptions {
  readonly watch?: boolean;
}

/** Shows the hub that runs: its generations, sessions and servers; with `watch` again whenever something changes. */
export async function status(options: StatusOptions): Promise<void> {
  const hub = requireHub(options);
  if (options.watch) return watch(hub, options);
  const now = await hub.get<StatusView>('/status');
  if (options.json) printJson(now);
  else print(formatStatus(now));
}

/** How long changes are gathered before the screen is drawn anew, in milliseconds. */
const GATHER_MS = 50;
/** The same for calls, which only change a number. */
const CALLS_MS = 500;
const CLEAR = '\u001b[H\u001b[2J';

/** On a terminal the table is drawn anew; elsewhere each event is a line. */
async function watch(hub: ControlClient, { json }: StatusOptions): Promise<void> {
  const live = process.stdout.isTTY === true && !json;
  let timer: NodeJS.Timeout | undefined;
  /** How long the drawing that is due next waited at first. */
  let pendingMs = Number.POSITIVE_INFINITY;
  const draw = async (): Promise<void> => {
    const text = formatStatus(await hub.get<StatusView>('/status'));
    print(`${live ? CLEAR : ''}${text}`);
  };
  const feed = await hub.events('/events', (event) => {
    if (!live) return print(json ? JSON.stringify(event) : eventLine(event));
    const waitMs = event['type'] === 'call' ? CALLS_MS : GATHER_MS;
    if (pendingMs <= waitMs) return;
    clearTimeout(timer);
    pendingMs = waitMs;
    timer = setTimeout(() => {
      pendingMs = Number.POSITIVE_INFINITY;
      // The end of the hub is told by the end of its events.
      draw().catch(() => {});
    }, waitMs);
  });
  let interrupted = false;
  process.once('SIGINT', () => {
    interrupted = true;
    feed.close();
  });
  // For programs everything is one document a line.
  if (json) print(JSON.stringify(await hub.get<StatusView>('/status')));
  else await draw();
  await feed.ended;
  clearTimeout(timer);
  if (!interrupted) throw new CliError('the hub has ended', EXIT.noHub);
}

/** What happened, in one line. */
export function eventLine(event: Record<string, unknown>): string {
  const { type, seq: _, at, ...rest } = event;
  const words = Object.entries(rest).map(([name, value]) => `${name}=${wordOf(value)}`);
  return clean(`${new Date(Number(at)).toISOString()} ${String(type)} ${words.join(' ')}`);
}

function wordOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const { state } = value as { state?: unknown };
  return typeof state === 'string' ? state : JSON.stringify(value);
}

function formatStatus(now: StatusView): string {
  const pc = coloursFor(process.stdout);
  const state = now.draining ? 'is going down' : now.ready ? 'is up' : 'is starting';
  const at = now.url === null ? 'over stdio' : `at ${pc.cyan(now.url)}`;
  const lines = [
    `${pc.bold('Hatago')} ${now.version} ${state} ${at}`,
    pc.dim(`  process ${now.pid}, for ${formatDuration(now.uptimeMs)}${now.config === null ? '' : `, ${now.config}`}`),
  ];
  if (now.rejected !== null) {
    lines.push('', pc.red(`The configuration as it stands is refused; generation ${now.generation} goes on:`));
    lines.push(...now.rejected.map((line) => `  ${clean(line)}`));
  }
  const shown = now.generations.filter((generation) => SHOWN.has(generation.state));
  lines.push('', formatTable(['GENERATION', 'STATE', 'SESSIONS', 'CALLS', 'SINCE', ''], shown.map(toRow)));
  lines.push('', formatServers(now.servers));
  return lines.join('\n');
}

const SHOWN = new Set(['warming', 'active', 'draining']);

function toRow({ id, state, sessions, calls, createdAt, origin, error }: GenerationRecord): string[] {
  return [String(id), state, String(sessions), String(calls), createdAt, error ?? origin];
}
