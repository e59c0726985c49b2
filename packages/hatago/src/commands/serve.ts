import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '@hatago/hub/core/log.ts';
import { createHub, type Hub } from '@hatago/hub/hub.ts';
import { createLog } from '@hatago/hub/observe/log.ts';
import { leaveCode } from '../code-cache.ts';
import { coloursFor } from '../colours.ts';
import { type Context, type GlobalOptions, loadContext, withTags } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { print } from '../output.ts';
import { announce } from '../run-file.ts';
import { httpSnippets } from '../snippets.ts';
import { VERSION } from '../version.ts';
import { boundYoungSpace, withDefaultGrowth } from '../young-space.ts';

const pc = coloursFor(process.stdout);

/** Options of `hatago serve`. */
export interface ServeOptions extends GlobalOptions {
  readonly http?: boolean;
  readonly stdio?: boolean;
  readonly host?: string;
  readonly port?: number;
  readonly tags: readonly string[];
  readonly demo?: boolean;
  readonly allowUnauthenticatedNetwork?: boolean;
}

/** Runs the hub until it is told to end or, over stdio, until its input ends. */
export async function serve(options: ServeOptions): Promise<void> {
  if (options.http && options.stdio) throw new CliError('--http and --stdio exclude each other', EXIT.usage);
  boundYoungSpace();
  const context = loadContext(options, options.demo);
  if (context.demo) prepareDemo(join(context.home, 'demo'));
  const log = logFor(options, context);
  for (const warning of context.warnings) log({ level: 'warn', event: 'config.warning', message: warning });
  const config = withTags(context.config, options.tags);
  const hub = createHub({ config, home: context.home, version: VERSION, log });
  leaveCodeSoon(hub);
  const stdio = options.stdio ?? (!options.http && !process.stdout.isTTY);
  await (stdio ? overStdio(hub) : overHttp(hub, { ...context, config }, options, log));
}

/** How long after the servers have settled the hub is taken to have done all that a start does. */
const SETTLED_FOR_MS = 2000;

function leaveCodeSoon(hub: Hub): void {
  const leave = (): void => withDefaultGrowth(leaveCode);
  setImmediate(() => void hub.settled.then(() => setTimeout(leave, SETTLED_FOR_MS).unref()));
  process.once('exit', leave);
}

async function overStdio(hub: Hub): Promise<void> {
  const served = hub.serveStdio({ input: process.stdin, output: process.stdout });
  onSignals(() => hub.stop('the hub was told to end'));
  await served.done;
  await hub.stop('the client closed its end');
  process.exit(EXIT.ok);
}

async function overHttp(hub: Hub, context: Context, options: ServeOptions, log: Log): Promise<void> {
  const host = options.host ?? process.env['HATAGO_HOST'] ?? context.config.http.host;
  const port = portOf(options.port ?? process.env['HATAGO_PORT'] ?? context.config.http.port);
  checkHost(host, options, log);
  const { url } = await listen(hub, host, port);
  // The servers are started first: to write a file takes as long as a good part of their start.
  await new Promise((resolve) => setImmediate(resolve));
  const withdraw = announce(context.home, {
    pid: process.pid,
    url,
    version: VERSION,
    startedAt: new Date().toISOString(),
    ...(context.file === undefined ? {} : { config: context.file }),
  });
  onSignals(async () => {
    withdraw();
    await hub.stop('the hub was told to end');
  });
  if (options.json) print(JSON.stringify({ url, pid: process.pid }));
  else if (!options.quiet && process.env['HATAGO_LOG'] !== 'json') await greet(hub, context, url);
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

async function listen(hub: Hub, host: string, port: number): Promise<{ url: string }> {
  try {
    return await hub.listen({ host, port });
  } catch (error) {
    await hub.stop('could not listen');
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new CliError(
        `port ${port} on ${host} is in use by another program; choose another with --port, or 0 for any`,
      );
    }
    if (code === 'EACCES')
      throw new CliError(`not allowed to listen on port ${port}; choose one above 1023 with --port`, EXIT.denied);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new CliError(`${host} is no address of this machine`, EXIT.usage);
    throw error;
  }
}

async function greet(hub: Hub, context: Context, url: string): Promise<void> {
  print(`${pc.bold('Hatago')} ${VERSION} is up at ${pc.cyan(url)}`);
  if (context.file !== undefined) print(pc.dim(`  configuration  ${context.file}`));
  else if (context.demo)
    print(pc.dim('  no configuration found, so this is a demo; `hatago init` writes one of your own'));
  else print('  no configuration found: `hatago init` writes one, `hatago serve --demo` shows three servers to try');
  await hub.settled;
  const rows = hub.servers();
  const width = Math.max(0, ...rows.map((row) => row.id.length));
  for (const row of rows) {
    const line = row.error === null ? pc.dim(offered(row)) : pc.red(row.error);
    print(`  ${row.status === 'ready' ? pc.green('●') : pc.red('●')} ${row.id.padEnd(width)}  ${line}`);
  }
  print('\nConnect a client:');
  for (const { client, text } of httpSnippets(url)) print(`  ${client.padEnd(11)}  ${text}`);
  print(pc.dim(`\nTry it:  npx hatago list --tools     Stop: Ctrl-C`));
}

const offered = ({ tools, resources, prompts }: { tools: number; resources: number; prompts: number }): string =>
  `${tools} tools, ${resources} resources, ${prompts} prompts`;

function onSignals(stop: () => Promise<void>): void {
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(EXIT.failure);
      stopping = true;
      stop().then(
        () => process.exit(EXIT.ok),
        () => process.exit(EXIT.failure),
      );
    });
  }
}

function prepareDemo(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'welcome.txt'), 'A file the demo filesystem server can read.\n');
}

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

function logFor(options: ServeOptions, context: Context): Log {
  const fromEnv = process.env['HATAGO_LOG_LEVEL'];
  const asked = options.logLevel ?? (options.verbose ? 'debug' : options.quiet ? 'error' : fromEnv);
  const level = LEVELS.find((name) => name === (asked ?? context.config.logLevel));
  if (level === undefined) {
    throw new CliError(
      `HATAGO_LOG_LEVEL must be one of ${LEVELS.join(', ')}, not ${JSON.stringify(asked)}`,
      EXIT.usage,
    );
  }
  const on = coloursFor(process.stderr);
  const colours = { debug: on.dim, info: on.cyan, warn: on.yellow, error: on.red };
  return createLog({
    level,
    format: process.env['HATAGO_LOG'] === 'json' ? 'json' : 'pretty',
    write: (line) => process.stderr.write(line),
    paint: (name, text) => colours[name](text),
  });
}
