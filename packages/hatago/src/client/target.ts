import type { Upstream } from '@hatago/hub/core/upstream.ts';
import { createHub } from '@hatago/hub/hub.ts';
import { createLog } from '@hatago/hub/observe/log.ts';
import type { Openers } from '@hatago/hub/upstream/detect.ts';
import { createUpstream } from '@hatago/hub/upstream/server.ts';
import type { UpstreamSpec } from '@hatago/hub/upstream/spec.ts';
import { type GlobalOptions, loadContext } from '../context.ts';
import { hubHomeOf } from '../control/require-hub.ts';
import { prepareDemo } from '../demo.ts';
import { CliError, EXIT } from '../exit.ts';
import { findRunningHub } from '../run-file.ts';
import { VERSION } from '../version.ts';
import { clientSocketOf, hubLink } from './hub-link.ts';

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
  return (await openRunningHub(options)) ?? openOwnHub(options);
}

/** The hub that runs for this configuration; undefined when none does, or it does not answer. */
export async function openRunningHub(options: TargetOptions): Promise<Target | undefined> {
  const where = hubHomeOf(options);
  const run = findRunningHub(where);
  if (run === undefined) return undefined;
  const target =
    run.url === undefined ? await openShared(where.home, run.pid, options) : await open(hubAt(run.url), options);
  if (target?.upstream.status.state === 'ready') return { ...target, running: true };
  await target?.close();
  return undefined;
}

/** No server can be called that, so that what is told of the hub is not taken for what the hub tells of a server. */
const HUB = 'the hub';
/** How long a request may take where a command says nothing else. */
export const DEFAULT_LIMIT_MS = 300_000;

const hubAt = (url: string): UpstreamSpec => ({ id: HUB, kind: 'http', url });

/** A hub that serves no HTTP has its clients share it over a socket. */
async function openShared(home: string, pid: number, options: TargetOptions): Promise<Target | undefined> {
  const socket = clientSocketOf(home, pid);
  if (socket === undefined) return undefined;
  return open({ id: HUB, kind: 'ws', about: { type: 'socket' } }, options, { open: hubLink(socket) });
}

async function openOwnHub(options: TargetOptions): Promise<Target> {
  const context = loadContext(options);
  if (context.demo) prepareDemo(context.home);
  const hub = createHub({ config: context.config, home: context.home, version: VERSION, log: logTo(options) });
  hub.start();
  await hub.settled;
  const target = await open({ id: HUB, kind: 'in-process', handler: hub }, options);
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
  const target = await open(spec, options);
  const { state, error, fix, code } = target.upstream.status;
  if (state === 'ready') return target;
  await target.close();
  throw new CliError(
    `cannot connect: ${error ?? 'the server did not answer'}${fix === undefined ? '' : `\n${fix}`}`,
    code === 'HATAGO_NEEDS_APPROVAL' ? EXIT.denied : EXIT.failure,
  );
}

async function open(spec: UpstreamSpec, options: TargetOptions, openers?: Openers): Promise<Target> {
  const timeoutMs = options.timeout ?? DEFAULT_LIMIT_MS;
  const upstream = createUpstream(
    {
      ...spec,
      timeouts: { connectMs: Math.min(timeoutMs || 30_000, 30_000), requestMs: timeoutMs, totalMs: timeoutMs },
    },
    { now: () => performance.now(), hubInfo: { name: 'hatago-cli', version: VERSION }, log: logTo(options) },
    openers,
  );
  await upstream.settled;
  return { upstream, running: false, close: () => upstream.close('the command is done') };
}

function logTo(options: GlobalOptions): ReturnType<typeof createLog> {
  return createLog({ level: options.verbose ? 'debug' : 'error', write: (line) => process.stderr.write(line) });
}
