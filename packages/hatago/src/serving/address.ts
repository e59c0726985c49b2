import type { Log } from '@hatago/hub/core/log.ts';
import { CliError, EXIT } from '../exit.ts';
import type { ServeOptions } from './options.ts';

/** The address asked for on the command line, else in the environment, else in the configuration. */
export function addressOf(options: ServeOptions, configured: { host: string; port: number }, log: Log): Address {
  const host = options.host ?? process.env['HATAGO_HOST'] ?? configured.host;
  const port = portOf(options.port ?? process.env['HATAGO_PORT'] ?? configured.port);
  checkHost(host, options, log);
  return { host, port };
}

/** Where a hub listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

function portOf(value: number | string): number {
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new CliError(`the port must be a number from 0 to 65535, not ${JSON.stringify(value)}`, EXIT.usage);
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** **Security:** without authentication anybody who reaches the port can use every server, so only loopback is served. */
function checkHost(host: string, options: ServeOptions, log: Log): void {
  if (LOOPBACK.has(host)) return;
  const event = { event: 'sec.unsafe_bind', host } as const;
  if (options.allowUnauthenticatedNetwork) {
    log({
      level: 'warn',
      ...event,
      message: `serving ${host} WITHOUT authentication: everyone who reaches it can use every server`,
    });
    return;
  }
  log({ level: 'error', ...event, message: `refusing to serve ${host} without authentication` });
  throw new CliError(
    `refusing to serve ${host}: the hub has no authentication, so everyone who reaches it could use every server.\n` +
      'Leave --host out to serve this machine only, or put a proxy that authenticates in front of it.',
    EXIT.unsafe,
  );
}
