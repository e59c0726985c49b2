/** What {@link watchIdle} works with. */
export interface IdleOptions {
  /** How long nobody may use it, in milliseconds; 0 = for ever. */
  readonly idleMs: number;
  /** The same for one that was started only to learn what it offers. */
  readonly learnedMs: number;
  /** Something is under way, or somebody follows what happens in it. */
  busy(): boolean;
  /** How often it was used since it was started. */
  used(): number;
  now(): number;
  schedule(ms: number, call: () => void): () => void;
  /** Nobody has used it for so long. */
  rest(): void;
}

/** How much longer than asked for it may take to notice. */
const FINENESS = 4;
const MAX_LOOK_MS = 15_000;

/** Looks now and then whether a server is used, so that no request has to be counted by time; the returned function ends that. */
export function watchIdle(options: IdleOptions): () => void {
  const { idleMs, learnedMs, busy, used, now, schedule, rest } = options;
  let quietSince = now();
  let lastUsed = used();
  const look = (): void => {
    const uses = used();
    const limit = uses === 0 && learnedMs > 0 ? Math.min(learnedMs, idleMs || learnedMs) : idleMs;
    if (limit === 0) return;
    if (busy() || uses !== lastUsed) {
      quietSince = now();
      lastUsed = uses;
    } else if (now() - quietSince >= limit) return rest();
    stop = schedule(Math.min(MAX_LOOK_MS, Math.max(1, limit / FINENESS)), look);
  };
  let stop = (): void => {};
  look();
  return () => stop();
}
