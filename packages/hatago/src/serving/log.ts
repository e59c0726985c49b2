import { join } from 'node:path';
import type { Config } from '@hatago/hub/control/config.ts';
import type { Log } from '@hatago/hub/core/log.ts';
import { createLog } from '@hatago/hub/observe/log.ts';
import { coloursFor } from '../colours.ts';
import { CliError, EXIT } from '../exit.ts';
import type { ServeOptions } from './options.ts';
import { openRotatingFile } from './rotating-file.ts';

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** The file in which every serving hub leaves its log. */
export const hubLogPath = (home: string): string => join(home, 'logs', 'hub.log');

/** What a log is made from. */
export interface HubLogOptions {
  readonly home: string;
  readonly configured: Config['logLevel'];
  /** Written to the file alone, for stderr leads there too. */
  readonly isDetached: boolean;
}

/** The log of a hub: on stderr, and in its home. */
export function createHubLog(options: ServeOptions, { home, configured, isDetached }: HubLogOptions): Log {
  const level = levelOf(options, configured);
  const format = process.env['HATAGO_LOG'] === 'json' ? 'json' : 'pretty';
  const file = openRotatingFile(hubLogPath(home));
  const time = (): string => (format === 'json' ? '' : `${new Date().toISOString()} `);
  const toFile = createLog({ level, format, write: (line) => file.write(`${time()}${line}`) });
  if (isDetached) return toFile;
  const on = coloursFor(process.stderr);
  const colours = { debug: on.dim, info: on.cyan, warn: on.yellow, error: on.red };
  const toStderr = createLog({
    level,
    format,
    write: (line) => process.stderr.write(line),
    paint: (name, text) => colours[name](text),
  });
  return (event) => {
    toStderr(event);
    toFile(event);
  };
}

function levelOf(options: ServeOptions, configured: Config['logLevel']): (typeof LEVELS)[number] {
  const fromEnv = process.env['HATAGO_LOG_LEVEL'];
  const asked = options.logLevel ?? (options.verbose ? 'debug' : options.quiet ? 'error' : fromEnv);
  const level = LEVELS.find((name) => name === (asked ?? configured));
  if (level !== undefined) return level;
  throw new CliError(`HATAGO_LOG_LEVEL must be one of ${LEVELS.join(', ')}, not ${JSON.stringify(asked)}`, EXIT.usage);
}
