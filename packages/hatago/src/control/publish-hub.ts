import type { Log } from '@hatago/hub/core/log.ts';
import type { Hub } from '@hatago/hub/hub.ts';
import type { Context } from '../context.ts';
import { announce, type RunFile } from '../run-file.ts';
import { VERSION } from '../version.ts';
import { approvalIn, approveIn, secretsIn } from './hub-secrets.ts';

/** What is told of a hub, and how it is ended from outside. */
export interface PublishOptions extends Pick<Context, 'home' | 'file' | 'load'> {
  readonly log: Log;
  /** The endpoint of all servers over HTTP; undefined where the hub does not listen. */
  readonly url: string | undefined;
  /** Ends the hub and its process in an orderly way. */
  shutdown(reason: string): void;
}

/**
 * Opens the socket on which the hub is controlled and announces it to the other commands. Returns the function that takes
 * the announcement back.
 */
export async function publishHub(hub: Hub, options: PublishOptions): Promise<() => void> {
  const { home, file, load, log, url, shutdown } = options;
  const { socket, token } = await hub.openControl({
    home,
    ...(file === undefined ? {} : { configFile: file }),
    secrets: () => secretsIn(home),
    approval: (server) => approvalIn(load, server),
    approve: (server, hash) => approveIn(load, server, hash),
    shutdown,
  });
  const run: RunFile = {
    pid: process.pid,
    version: VERSION,
    startedAt: new Date().toISOString(),
    ...(url === undefined ? {} : { url }),
    ...(socket === undefined ? {} : { socket, token }),
    ...(file === undefined ? {} : { config: file }),
  };
  try {
    const withdraw = announce(home, run);
    process.once('exit', withdraw);
    return withdraw;
  } catch (error) {
    // Nothing can be written there; its clients are served all the same.
    const message = `the commands do not find this hub: ${(error as Error).message}`;
    log({ level: 'warn', event: 'hub.unannounced', message });
    return () => {};
  }
}
