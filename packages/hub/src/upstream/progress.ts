import { editObject, Payload } from '@hatago/protocol';
import type { Pending } from './pending.ts';

/** Most progress notifications per call and second. */
export const MAX_PROGRESS_PER_SECOND = 20;
const WINDOW_MS = 1000;

/**
 * Hands progress of the upstream to the caller under the caller's own token: only values that increase, and so many per
 * second at most; of those in excess the newest is kept.
 */
export function relayProgress(pending: Pending, params: Payload, now: number): void {
  pending.touchedAt = now;
  if (pending.token === undefined) return;
  const value = params.member('progress')?.value();
  if (typeof value !== 'number' || !(value > pending.progress)) return;
  pending.progress = value;
  if (now - pending.windowAt >= WINDOW_MS) {
    pending.windowAt = now;
    pending.windowCount = 0;
  }
  if (pending.windowCount >= MAX_PROGRESS_PER_SECOND) {
    pending.heldProgress = params;
    return;
  }
  pending.windowCount++;
  pending.heldProgress = undefined;
  deliver(pending, params);
}

/** Hands over what was kept back, once its time has come or, with `force`, because the answer is here. */
export function flushProgress(pending: Pending, now: number, force: boolean): void {
  const held = pending.heldProgress;
  if (held === undefined || (!force && now - pending.windowAt < WINDOW_MS)) return;
  pending.heldProgress = undefined;
  pending.windowAt = now;
  pending.windowCount = 1;
  deliver(pending, held);
}

function deliver(pending: Pending, params: Payload): void {
  pending.deliver({ method: 'notifications/progress', params: withToken(params, pending.token as string | number) });
}

/** The same progress under another token. */
export function withToken(params: Payload, token: string | number): Payload {
  return Payload.ofPieces(editObject(params, { progressToken: JSON.stringify(token) }));
}
