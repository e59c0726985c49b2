import type { Hub } from '@hatago/hub/hub.ts';
import { CliError, EXIT } from '../exit.ts';
import type { Address } from './address.ts';

/** Binds the listener; what the system refuses is told in words. */
export async function listenHttp(hub: Hub, { host, port }: Address): Promise<{ url: string }> {
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
