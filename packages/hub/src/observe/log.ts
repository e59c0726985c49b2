import type { Log, LogEvent } from '../core/log.ts';

const RANK = { debug: 10, info: 20, warn: 30, error: 40, silent: 100 } as const;
/** pino's numbers, so that its tools read our lines. */
const PINO = { debug: 20, info: 30, warn: 40, error: 50 } as const;

/** Options of {@link createLog}. */
export interface LogOptions {
  /** Least severe level written. @default 'info' */
  readonly level?: keyof typeof RANK;
  /** One JSON object per line, or lines for people. @default 'pretty' */
  readonly format?: 'json' | 'pretty';
  /** Takes one line with its newline. */
  readonly write: (line: string) => void;
  /** Wall clock in milliseconds. @default Date.now */
  readonly now?: () => number;
  /** Colours a level's word. @default none */
  readonly paint?: (level: LogEvent['level'], text: string) => string;
}

/** A log that writes each event of the level or above as one line. */
export function createLog(options: LogOptions): Log {
  const { level = 'info', format = 'pretty', write, now = Date.now, paint = (_, text) => text } = options;
  const least = RANK[level];
  return (event) => {
    if (RANK[event.level] < least) return;
    try {
      write(format === 'json' ? toJsonLine(event, now()) : toPrettyLine(event, paint));
    } catch {
      // A log that cannot be written must not take the hub with it.
    }
  };
}

function toJsonLine(event: LogEvent, time: number): string {
  const { level, message, ...rest } = event;
  return `${JSON.stringify({ level: PINO[level], time, msg: message ?? event.event, ...rest })}\n`;
}

function toPrettyLine(event: LogEvent, paint: NonNullable<LogOptions['paint']>): string {
  const { level, event: name, message, server, ...rest } = event;
  const extra = Object.entries(rest).map(([key, value]) => `${key}=${oneLine(value)}`);
  const words = [paint(level, level.padEnd(5)), server === undefined ? undefined : `${oneLine(server)}:`];
  return `${[...words, oneLine(message ?? name), ...extra].filter((word) => word !== undefined).join(' ')}\n`;
}

/** What others wrote must not forge a line or move the cursor. */
function oneLine(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, ' ');
}
