import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { newLines } from '../control/new-lines.ts';
import { type HubOptions, hubHomeOf, requireHub } from '../control/require-hub.ts';
import { CliError, EXIT } from '../exit.ts';
import { clean, print, printJson } from '../output.ts';
import { hubLogPath } from '../serving/log.ts';

/** Options of `hatago logs`. */
export interface LogsOptions extends HubOptions {
  readonly follow?: boolean;
  /** How many of the last lines are shown. @default all there are of a server, 100 of the hub */
  readonly lines?: number;
}

const POLL_MS = 200;
const HUB_LINES = 100;

/** Shows what a server wrote to its stderr, or what the hub itself logged; with `follow` as it comes. */
export async function logs(id: string | undefined, options: LogsOptions): Promise<void> {
  if (id === undefined) return hubLogs(options);
  const hub = requireHub(options);
  const read = async (): Promise<readonly string[]> =>
    (await hub.get<{ lines: string[] }>(`/servers/${encodeURIComponent(id)}/logs`)).lines;
  let known = await read();
  const first = options.lines === undefined ? known : known.slice(-options.lines);
  if (options.json && !options.follow) return printJson({ server: id, lines: first });
  for (const line of first) print(clean(line));
  if (!options.follow) return;
  const interruptedWithin = pauses();
  while (!(await interruptedWithin(POLL_MS))) {
    const next = await read();
    for (const line of newLines(known, next)) print(clean(line));
    known = next;
  }
}

async function hubLogs(options: LogsOptions): Promise<void> {
  const path = hubLogPath(hubHomeOf(options).home);
  const read = (): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      throw new CliError(
        `there is no log at ${path}: a hub writes one as soon as it has something to tell`,
        EXIT.notFound,
      );
    }
  };
  const text = read();
  const lines = text
    .split('\n')
    .slice(0, -1)
    .slice(-(options.lines ?? HUB_LINES));
  if (options.json && !options.follow) return printJson({ file: path, lines });
  for (const line of lines) print(clean(line));
  if (!options.follow) return;
  let at = Buffer.byteLength(text);
  let rest = '';
  const interruptedWithin = pauses();
  while (!(await interruptedWithin(POLL_MS))) {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    // A log that was begun anew is read from its start.
    if (size < at) at = 0;
    if (size === at) continue;
    const whole = (rest + readRange(path, at, size)).split('\n');
    at = size;
    rest = whole.pop() ?? '';
    for (const line of whole) print(clean(line));
  }
}

function readRange(path: string, from: number, to: number): string {
  const bytes = Buffer.alloc(to - from);
  const file = openSync(path, 'r');
  try {
    readSync(file, bytes, 0, bytes.length, from);
  } finally {
    closeSync(file);
  }
  return bytes.toString('utf8');
}

/** Waits between looks; it is listened for the interrupt all the while, for one during a look must not end the process. */
function pauses(): (ms: number) => Promise<boolean> {
  let interrupted = false;
  let wake = (): void => {};
  process.once('SIGINT', () => {
    interrupted = true;
    wake();
  });
  return async (ms) => {
    if (interrupted) return true;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    return interrupted;
  };
}
