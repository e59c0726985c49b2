import type { Hub } from '@hatago/hub/hub.ts';

/** What a hub in the background tells the process that started it. */
export type DetachedMessage =
  | { readonly event: 'listening'; readonly url: string }
  | { readonly event: 'ready'; readonly failed: readonly { readonly id: string; readonly error: string }[] };

/** Set for a hub in the background. */
export const DETACHED = 'HATAGO_DETACHED';

/** For a hub in the background: what tells the process that started it how it comes up; undefined for every other. */
export function reportDetached(): ((hub: Hub, url: string) => Promise<void>) | undefined {
  if (process.env[DETACHED] !== '1') return undefined;
  // It is not for the servers.
  delete process.env[DETACHED];
  const send = (message: DetachedMessage): void => void (process.connected && process.send?.(message));
  return async (hub, url) => {
    send({ event: 'listening', url });
    await hub.settled;
    const failed = hub.servers().flatMap(({ id, error }) => (error === null ? [] : [{ id, error }]));
    send({ event: 'ready', failed });
  };
}
