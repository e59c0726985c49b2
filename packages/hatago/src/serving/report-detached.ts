import type { Hub } from '@hatago/hub/hub.ts';

/** What a hub in the background tells the process that started it. */
export type DetachedMessage =
  | { readonly event: 'listening'; readonly url: string }
  | { readonly event: 'ready'; readonly failed: readonly { readonly id: string; readonly error: string }[] };

/** Set for a hub in the background. */
export const DETACHED = 'HATAGO_DETACHED';

/** Whether this hub is in the background, and who started it waits; true once, for it is not for the servers to know. */
export function takeDetached(): boolean {
  const isDetached = process.env[DETACHED] === '1';
  if (isDetached) delete process.env[DETACHED];
  return isDetached;
}

/** Tells the process that started a hub in the background how it comes up. */
export async function reportDetached(hub: Hub, url: string): Promise<void> {
  const send = (message: DetachedMessage): void => void (process.connected && process.send?.(message));
  send({ event: 'listening', url });
  await hub.settled;
  const failed = hub.servers().flatMap(({ id, error }) => (error === null ? [] : [{ id, error }]));
  send({ event: 'ready', failed });
}
