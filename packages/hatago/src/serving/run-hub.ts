import { randomInt } from 'node:crypto';
import type { Config } from '@hatago/hub/control/config.ts';
import type { Log } from '@hatago/hub/core/log.ts';
import { createHub, type Hub } from '@hatago/hub/hub.ts';
import type { HeadStart } from '@hatago/hub/upstream/head-start.ts';
import { leaveCode } from '#loader';
import type { Seat } from '../bridge/seat.ts';
import type { Context } from '../context.ts';
import { publishHub } from '../control/publish-hub.ts';
import { EXIT } from '../exit.ts';
import { print } from '../output.ts';
import { boundHeapGrowth, optimizeOnceStarted } from '../v8-flags.ts';
import { VERSION } from '../version.ts';
import type { Address } from './address.ts';
import { greet } from './banner.ts';
import { createHosting, type Hosting } from './hosting.ts';
import { listenHttp } from './listen.ts';
import type { ServeOptions } from './options.ts';
import { reportDetached } from './report-detached.ts';
import { onSignals } from './signals.ts';
import { sourceOf } from './source.ts';

/** What a hub is run with. */
export interface HubRun {
  readonly seat: Seat;
  readonly options: ServeOptions;
  readonly context: Context;
  /** The configuration of the context, with only the servers asked for. */
  readonly config: Config;
  readonly log: Log;
  /** Where it listens; undefined for one that serves stdio. */
  readonly address: Address | undefined;
  /** Whether the process that started it waits to be told how it comes up. */
  readonly isDetached: boolean;
  readonly headStart: HeadStart;
}

/** Runs a hub in its place; resolves when it serves. */
export async function runHub(run: HubRun): Promise<void> {
  const { options, context, address, isDetached } = run;
  const hub = makeHub(run);
  const hosting = host(hub, run);
  onSignals(() => hosting.end({ reason: 'the hub was told to end' }));
  if (address === undefined) return overStdio(hub, hosting, run);
  const { url } = await listenHttp(hub, address);
  attendStart(hub.settled);
  await whenStarted();
  await hosting.publish(url);
  if (isDetached) return reportDetached(hub, url);
  if (options.json) print(JSON.stringify({ url, pid: process.pid }));
  else if (!options.quiet && process.env['HATAGO_LOG'] !== 'json') await greet(hub, context, url);
}

function makeHub({ seat, options, context, config, log, headStart }: HubRun): Hub {
  const source = sourceOf(context, options.tags);
  return createHub({
    config,
    home: context.home,
    version: VERSION,
    log,
    headStart,
    ...(source === undefined ? {} : { source }),
    ...(options.watch === undefined ? {} : { watch: options.watch }),
    // A client that comes over may still hold questions of the hub before; this one's must not be mistaken for them.
    ...(seat.takeover ? { askIdsAfter: randomInt(2 ** 20, 2 ** 30) } : {}),
  });
}

function host(hub: Hub, { seat, context, log, address }: HubRun): Hosting {
  const { home, file, load } = context;
  const hosting = createHosting({
    hub,
    seat,
    log,
    stays: address !== undefined,
    publish: (url) =>
      publishHub(hub, { home, file, load, log, url, shutdown: (reason) => void hosting.end({ reason, isEnd: true }) }),
    ended: () => process.exit(EXIT.ok),
  });
  return hosting;
}

/** The servers are started first: to write a file or bind a socket takes as long as a good part of their start. */
const whenStarted = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

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

async function overStdio(hub: Hub, hosting: Hosting, { seat, log }: HubRun): Promise<void> {
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
