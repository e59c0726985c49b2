import { claimLock, type Lock, unsharedLock } from '../lock/lock.ts';
import { connectLink, type Link, type LinkEvents } from './link.ts';

/** Where the hub of a configuration is looked for. */
export interface HubPlace {
  /** Directory of the locks. */
  readonly folder: string;
  /** Names the configuration. */
  readonly key: string;
}

/** What was found: the hub, or that this process is to be it. */
export type Found =
  | { readonly kind: 'link'; readonly link: Link; readonly pid: number }
  | { readonly kind: 'seat'; readonly lock: Lock; readonly isShared: boolean };

/** How long a hub that has the lock and cannot be reached is waited for. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 10;

/**
 * Connects to the hub of a configuration, or takes its place when there is none. A hub that holds the place and answers
 * nobody for ten seconds is not waited for any longer: then this process serves its client alone.
 */
export async function findHub(place: HubPlace, events: LinkEvents): Promise<Found> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const claim = claimLock(place.folder, place.key);
    if (claim.kind === 'held') return { kind: 'seat', lock: claim.lock, isShared: true };
    const leftMs = until - performance.now();
    if (claim.kind === 'unwritable' || leftMs <= 0) {
      return { kind: 'seat', lock: unsharedLock(place.folder, place.key), isShared: false };
    }
    if (claim.kind === 'busy') {
      const link = await connectLink(claim.holder.socket as string, events, leftMs);
      if (link !== undefined) return { kind: 'link', link, pid: claim.holder.pid };
    }
    // At random, or those who began at the same instant would meet again and again.
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (0.5 + Math.random())));
  }
}
