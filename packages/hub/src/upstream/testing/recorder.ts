import { payloadOf } from '@hatago/protocol';
import type { LinkEvents, LinkFailure, LinkNote, Outgoing, StreamState } from '../link.ts';

/** One thing a link reported. */
export type Seen =
  | { type: 'message'; value: unknown; relatedTo: number | undefined; status?: number }
  | { type: 'failed'; id: number; failure: LinkFailure }
  | { type: 'closed'; failure: LinkFailure }
  | { type: 'session'; sessionId: string; id: number }
  | { type: 'stream'; state: StreamState }
  | { type: 'note'; note: LinkNote };

/** What a link reported, in order. */
export interface Recorder {
  readonly seen: Seen[];
  readonly events: LinkEvents;
  note(note: LinkNote): void;
  /** Resolves when so many of the type have been reported. */
  until(type: Seen['type'], count?: number): Promise<void>;
  /** Those of the type, in order. */
  all<T extends Seen['type']>(type: T): Extract<Seen, { type: T }>[];
}

/** Makes a recorder to open a link with. */
export function createRecorder(): Recorder {
  const seen: Seen[] = [];
  let checks: (() => void)[] = [];
  const add = (what: Seen): void => {
    seen.push(what);
    for (const check of checks) check();
  };
  const all = <T extends Seen['type']>(type: T): Extract<Seen, { type: T }>[] =>
    seen.filter((one): one is Extract<Seen, { type: T }> => one.type === type);
  return {
    seen,
    all,
    events: {
      message: (message, relatedTo, status) =>
        add({
          type: 'message',
          value: payloadOf(message).value(),
          relatedTo,
          ...(status === undefined ? {} : { status }),
        }),
      failed: (id, failure) => add({ type: 'failed', id, failure }),
      closed: (failure) => add({ type: 'closed', failure }),
      session: (sessionId, id) => add({ type: 'session', sessionId, id }),
      stream: (state) => add({ type: 'stream', state }),
    },
    note: (note) => add({ type: 'note', note }),
    until: (type, count = 1) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (all(type).length < count) return;
          checks = checks.filter((one) => one !== check);
          resolve();
        };
        checks.push(check);
        check();
      }),
  };
}

/** A request with our id. */
export function request(id: number, params = '{}', more: Partial<Outgoing> = {}): Outgoing {
  const message = [`{"jsonrpc":"2.0","id":${id},"method":"m","params":`, Buffer.from(params), '}'];
  return { message, id, method: 'm', ...more };
}

/** A notification. */
export function notification(method = 'n'): Outgoing {
  return { message: [`{"jsonrpc":"2.0","method":"${method}"}`], id: undefined, method };
}
