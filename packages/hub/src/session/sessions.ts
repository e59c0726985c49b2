import { createTicker } from './ticker.ts';

/** What the table must know of a session to keep, find and end it. */
export interface SessionRecord {
  /** At least 128 random bits in visible ASCII. */
  readonly id: string;
  /** Id of the principal it belongs to; for anyone else it does not exist. */
  readonly owner: string;
  /** When it was last used, in milliseconds of the injected clock. */
  lastSeenMs: number;
  /** Whether something is under way in it, so that it is not idle however old. */
  readonly busy: boolean;
  /** Forgets what the session kept for clients that did not come back in time. */
  prune(nowMs: number): void;
  /** Ends it and everything that is under way in it. */
  end(reason: string): void;
}

/** Bounds of a session table. */
export interface SessionOptions {
  /** Time without use after which a session ends, in milliseconds. @default 3600000 */
  readonly idleTtlMs?: number;
  /** Most sessions at a time. @default 50000 */
  readonly maxSessions?: number;
  now(): number;
}

/** The sessions of one hub, by id. */
export interface Sessions<T extends SessionRecord> {
  readonly size: number;
  /** Adds a session; false when the table is full. */
  add(session: T): boolean;
  /** The session of that id and owner, marked as used; undefined when there is none, whoever else may own the id. */
  find(id: string, owner: string): T | undefined;
  /** Takes a session out and ends it. */
  end(session: T, reason: string): void;
  /** Ends what has been idle for too long; runs by itself while there are sessions. */
  sweep(): void;
  /** Every session, oldest first. */
  all(): Iterable<T>;
  /** Ends all of them. */
  close(reason: string): void;
}

const SWEEP_MS = 10_000;

/** Makes an empty session table; one timer serves all sessions, and none runs while there are none. */
export function createSessions<T extends SessionRecord>(options: SessionOptions): Sessions<T> {
  const idleTtlMs = options.idleTtlMs ?? 3_600_000;
  const maxSessions = options.maxSessions ?? 50_000;
  // Not a Map: sessions come and go, and an outgrown Map keeps what it held alive; see IdTable.
  const byId: Record<string, T> = Object.create(null);
  let size = 0;
  const ticker = createTicker(SWEEP_MS, () => sessions.sweep());

  const sessions: Sessions<T> = {
    get size() {
      return size;
    },
    add(session) {
      if (size >= maxSessions) sessions.sweep();
      if (size >= maxSessions) return false;
      session.lastSeenMs = options.now();
      if (!(session.id in byId)) size++;
      byId[session.id] = session;
      ticker.start();
      return true;
    },
    find(id, owner) {
      const session = byId[id];
      if (session === undefined || session.owner !== owner) return undefined;
      session.lastSeenMs = options.now();
      return session;
    },
    end(session, reason) {
      if (byId[session.id] === session) {
        delete byId[session.id];
        size--;
      }
      if (size === 0) ticker.stop();
      session.end(reason);
    },
    sweep() {
      const nowMs = options.now();
      for (const session of Object.values(byId)) {
        if (session.busy) session.lastSeenMs = nowMs;
        else if (nowMs - session.lastSeenMs >= idleTtlMs) {
          sessions.end(session, 'idle for too long');
          continue;
        }
        session.prune(nowMs);
      }
    },
    all: () => Object.values(byId),
    close(reason) {
      for (const session of Object.values(byId)) sessions.end(session, reason);
    },
  };
  return sessions;
}
