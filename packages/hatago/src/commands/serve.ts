import { randomInt } from 'node:crypto';
import type { Log } from '@hatago/hub/core/log.ts';
import { createHub, type Hub } from '@hatago/hub/hub.ts';
import { leaveCode } from '#loader';
import { joinHub } from '../bridge/join-hub.ts';
import { placeOf } from '../bridge/scope.ts';
import { type Seat, takeSeat } from '../bridge/seat.ts';
import { type Context, loadContext, withTags } from '../context.ts';
import { publishHub } from '../control/publish-hub.ts';
import { prepareDemo } from '../demo.ts';
import { EXIT } from '../exit.ts';
import { print } from '../output.ts';
import { greet } from '../serving/banner.ts';
import { createHosting, type Hosting } from '../serving/hosting.ts';
import { addressOf, listenHttp } from '../serving/listen.ts';
import { createHubLog } from '../serving/log.ts';
import { modeOf, type ServeOptions } from '../serving/options.ts';
import { reportDetached } from '../serving/report-detached.ts';
import { onSignals } from '../serving/signals.ts';
import { sourceOf } from '../serving/source.ts';
import { takeSeatForHttp } from '../serving/take-seat.ts';
import { askForTrust } from '../trust/ask-for-trust.ts';
import { boundHeapGrowth, optimizeOnceStarted } from '../v8-flags.ts';
import { VERSION } from '../version.ts';

/** Runs the hub until it is told to end or, over stdio, until its last client is gone; or joins one that runs already. */
export async function serve(options: ServeOptions): Promise<void> {
  const mode = modeOf(options);
  if (options.detach) return (await import('../serving/detach.ts')).detach(options);
  let seat = takeSeat();
  if (seat === undefined) {
    const place = placeOf(options, process.env, process.cwd());
    if (mode === 'stdio') return joinHub({ place, serve: () => serve(options) });
    seat = await takeSeatForHttp(place);
  }
  try {
    await serveFrom(seat, mode, options);
  } catch (error) {
    seat.lock.release();
    seat.takeover?.failed();
    throw error;
  }
}

async function serveFrom(seat: Seat, mode: 'http' | 'stdio', options: ServeOptions): Promise<void> {
  const detached = reportDetached();
  const context = await trusted(loadContext(options, options.demo));
  if (context.demo) prepareDemo(context.home);
  const { home, file, load } = context;
  const configured = context.config.logLevel;
  const log = createHubLog(options, { home, configured, isDetached: detached !== undefined });
  for (const warning of context.warnings) log({ level: 'warn', event: 'config.warning', message: warning });
  const config = withTags(context.config, options.tags);
  const address = mode === 'http' ? addressOf(options, config.http, log) : undefined;
  const source = sourceOf(context, options.tags);
  const hub = createHub({
    config,
    home,
    version: VERSION,
    log,
    ...(source === undefined ? {} : { source }),
    ...(options.watch === undefined ? {} : { watch: options.watch }),
    ...(seat.takeover ? TAKEN_OVER : {}),
  });
  const hosting = createHosting({
    hub,
    seat,
    log,
    stays: mode === 'http',
    publish: (url) =>
      publishHub(hub, { home, file, load, log, url, shutdown: (reason) => void hosting.end({ reason, isEnd: true }) }),
    ended: () => process.exit(EXIT.ok),
  });
  onSignals(() => hosting.end({ reason: 'the hub was told to end' }));
  if (address === undefined) return overStdio(hub, hosting, seat, log);
  const { url } = await listenHttp(hub, address);
  attendStart(hub.settled);
  await whenStarted();
  await hosting.publish(url);
  if (detached !== undefined) return detached(hub, url);
  if (options.json) print(JSON.stringify({ url, pid: process.pid }));
  else if (!options.quiet && process.env['HATAGO_LOG'] !== 'json') await greet(hub, context, url);
}

/** The servers are started first: to write a file or bind a socket takes as long as a good part of their start. */
const whenStarted = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function trusted(context: Context): Promise<Context> {
  if (context.loaded === undefined) return context;
  const loaded = await askForTrust(context.loaded);
  return { ...context, loaded, config: loaded.config };
}

/** A client that comes over may still hold questions of the hub before; this one's must not be mistaken for them. */
const TAKEN_OVER = { askIdsAfter: randomInt(2 ** 20, 2 ** 30) };

/** How long after the servers have settled the hub is taken to have done all that a start does. */
const SETTLED_FOR_MS = 2000;

/**
 * Not before the hub listens: to ask for the promise starts the servers. And not before Node has loaded what listening takes:
 * under other flags than those of a start it would compile its own modules anew.
 */
function attendStart(settled: Promise<unknown>): void {
  boundHeapGrowth();
  optimizeOnceStarted(settled);
  void settled.then(() => {
    setTimeout(leaveCode, SETTLED_FOR_MS).unref();
    // What a process that ends before has compiled is too little: others would have to compile the rest at every start.
    process.once('exit', () => leaveCode());
  });
}

async function overStdio(hub: Hub, hosting: Hosting, seat: Seat, log: Log): Promise<void> {
  if (seat.takeover === undefined) {
    const served = hub.serveStdio({ input: process.stdin, output: process.stdout });
    void served.done.then(() => hosting.leave());
  } else {
    log({ level: 'info', event: 'hub.takeover', message: 'the hub before is gone, this process takes its place' });
    hub.start();
  }
  attendStart(hub.settled);
  await whenStarted();
  await hosting.publish();
}
