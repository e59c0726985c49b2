import { toUpstreamSpecs } from '@hatago/hub/control/server-spec.ts';
import { giveHeadStart } from '@hatago/hub/upstream/head-start.ts';
import { joinHub } from '../bridge/join-hub.ts';
import { lacksConfig, placeOf } from '../bridge/scope.ts';
import { type Seat, takeSeat } from '../bridge/seat.ts';
import { type Context, loadContext, withTags } from '../context.ts';
import { prepareDemo } from '../demo.ts';
import { addressOf } from '../serving/address.ts';
import { createHubLog } from '../serving/log.ts';
import { modeOf, type ServeOptions } from '../serving/options.ts';
import { takeDetached } from '../serving/report-detached.ts';
import { takeSeatForHttp } from '../serving/take-seat.ts';
import { askForTrust } from '../trust/ask-for-trust.ts';

/** Runs the hub until it is told to end or, over stdio, until its last client is gone; or joins one that runs already. */
export async function serve(options: ServeOptions): Promise<void> {
  const mode = modeOf(options);
  if (options.detach) return (await import('../serving/detach.ts')).detach(options);
  let seat = takeSeat();
  if (seat === undefined) {
    // Which fails, in words.
    if (lacksConfig(options, process.env, process.cwd())) loadContext(options);
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

/**
 * Reads and checks all that a hub is made from, starts the first servers, and only then loads what the hub itself takes: what
 * is loaded before the first server is started delays every one of them.
 */
async function serveFrom(seat: Seat, mode: 'http' | 'stdio', options: ServeOptions): Promise<void> {
  const isDetached = takeDetached();
  const context = await trusted(loadContext(options, options.demo));
  if (context.demo) prepareDemo(context.home);
  const log = createHubLog(options, { home: context.home, configured: context.config.logLevel, isDetached });
  for (const warning of context.warnings) log({ level: 'warn', event: 'config.warning', message: warning });
  const config = withTags(context.config, options.tags);
  const address = mode === 'http' ? addressOf(options, config.http, log) : undefined;
  const headStart = giveHeadStart(toUpstreamSpecs(config, process.cwd()));
  try {
    const { runHub } = await import('../serving/run-hub.ts');
    await runHub({ seat, options, context, config, log, address, isDetached, headStart });
  } catch (error) {
    await headStart.close();
    throw error;
  }
}

async function trusted(context: Context): Promise<Context> {
  if (context.loaded === undefined) return context;
  const loaded = await askForTrust(context.loaded);
  return { ...context, loaded, config: loaded.config };
}
