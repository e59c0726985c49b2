import type { Upstream } from '@hatago/hub/core/upstream.ts';
import { createHub } from '@hatago/hub/hub.ts';
import { createLog } from '@hatago/hub/observe/log.ts';
import { createUpstream } from '@hatago/hub/upstream/server.ts';
import type { UpstreamSpec } from '@hatago/hub/upstream/spec.ts';
import { findHome, type GlobalOptions, loadContext } from '../context.ts';
import { CliError } from '../exit.ts';
import { findRunningHub } from '../run-file.ts';
import { VERSION } from '../version.ts';

/** A hub a command may use, and how to let go of it. */
export interface Target {
  readonly upstream: Upstream;
  /** Whether it is a hub that was running already. */
  readonly running: boolean;
  close(): Promise<void>;
}

/** How long a request of a command may take, in milliseconds; 0 = without end. */
export interface TargetOptions extends GlobalOptions {
  readonly timeout?: number;
}

/** The hub that runs for this configuration, or one started for this command alone. */
export async function openHub(options: TargetOptions): Promise<Target> {
  const running = findRunningHub(findHome(options));
  if (running !== undefined) {
    const target = await open({ id: 'hub', kind: 'http', url: running.url }, options, true);
    if (target.upstream.status.state === 'ready') return target;
    await target.close();
  }
  const context = loadContext(options);
  const hub = createHub({ config: context.config, home: context.home, version: VERSION, log: logTo(options) });
  hub.start();
  await hub.settled;
  const target = await open({ id: 'hub', kind: 'in-process', handler: hub }, options, false);
  return {
    ...target,
    close: async () => {
      await target.close();
      await hub.stop('the command is done');
    },
  };
}

/** A server that is connected to directly, without a hub between. */
export async function openServer(spec: UpstreamSpec, options: TargetOptions): Promise<Target> {
  const target = await open(spec, options, false);
  const { state, error } = target.upstream.status;
  if (state === 'ready') return target;
  await target.close();
  throw new CliError(`cannot connect: ${error ?? 'the server did not answer'}`);
}

async function open(spec: UpstreamSpec, options: TargetOptions, running: boolean): Promise<Target> {
  const timeoutMs = options.timeout ?? 300_000;
  const upstream = createUpstream(
    {
      ...spec,
      timeouts: { connectMs: Math.min(timeoutMs || 30_000, 30_000), requestMs: timeoutMs, totalMs: timeoutMs },
    },
    { now: () => performance.now(), hubInfo: { name: 'hatago-cli', version: VERSION }, log: logTo(options) },
  );
  await upstream.settled;
  return { upstream, running, close: () => upstream.close('the command is done') };
}

function logTo(options: GlobalOptions): ReturnType<typeof createLog> {
  return createLog({ level: options.verbose ? 'debug' : 'error', write: (line) => process.stderr.write(line) });
}
