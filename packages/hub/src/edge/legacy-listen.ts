import { editObject, META, Payload } from '@hatago/protocol';
import { type Canceller, createCanceller } from '../core/cancel.ts';
import type { Notification } from '../core/exchange.ts';
import type { LegacySession } from './legacy-session.ts';
import { runExchange } from './run.ts';
import { notificationMessage } from './wire.ts';

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const REOPEN_MS = 1_000;
const LISTS = ['tools', 'prompts', 'resources'];

interface Feed {
  readonly signal: Canceller;
  acknowledged: boolean;
  closed: boolean;
}

/**
 * Keeps one `subscriptions/listen` open for a legacy session while its client can be told of changes. Its filter cannot
 * change, so a new set of subscriptions means a new listen; the old one goes on until the new one is acknowledged.
 */
export class LegacyListen {
  readonly #session: LegacySession;
  #feed: Feed | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(session: LegacySession) {
    this.#session = session;
  }

  /** Listens for what the session is subscribed to now. */
  open(): void {
    clearTimeout(this.#retry);
    const session = this.#session;
    if (this.#closed || session.ended) return;
    const before = this.#feed;
    const feed: Feed = { signal: createCanceller(), acknowledged: false, closed: false };
    this.#feed = feed;
    const closeBefore = (): void => {
      if (before === undefined || before.closed) return;
      before.closed = true;
      before.signal.cancel('replaced');
    };
    const notifications = {
      toolsListChanged: true,
      promptsListChanged: true,
      resourcesListChanged: true,
      ...((session.subscriptions?.size ?? 0) > 0 ? { resourceSubscriptions: [...(session.subscriptions ?? [])] } : {}),
    };
    const params = Payload.ofValue({ notifications });
    runExchange(
      session.deps,
      {
        method: 'subscriptions/listen',
        params,
        envelope: session.envelopeOf(params),
        principal: session.principal,
        route: session.route,
        session,
        signal: feed.signal,
        listenId: session.mintId(),
        emit(notification) {
          if (feed.closed) return;
          if (notification.method === ACKNOWLEDGED) {
            feed.acknowledged = true;
            closeBefore();
            // What the client has was listed on another generation than the one that is listened to.
            if (before === undefined && session.behind) tellAll(session);
          } else session.tell(notificationMessage(withoutStamp(notification)));
        },
      },
      () => {
        closeBefore();
        if (!feed.closed && this.#feed === feed) this.#lost(feed);
      },
    );
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    const feed = this.#feed;
    if (feed === undefined || feed.closed) return;
    feed.closed = true;
    feed.signal.cancel('nobody listens any more');
  }

  /** The listen ended by itself, with its generation perhaps: what changed meanwhile is unknown. */
  #lost(feed: Feed): void {
    feed.closed = true;
    if (this.#closed || this.#session.ended) return;
    this.#retry = setTimeout(() => {
      this.open();
      if (feed.acknowledged) tellAll(this.#session);
    }, REOPEN_MS).unref();
  }
}

/** Every list may have become another. */
function tellAll(session: LegacySession): void {
  for (const list of LISTS) {
    const method = `notifications/${list}/list_changed`;
    session.tell(notificationMessage({ method, params: Payload.ofValue({}) }));
  }
}

/** The notification without the id of a listen its client never opened. */
function withoutStamp(notification: Notification): Notification {
  const meta = notification.params.member('_meta');
  if (meta?.member(META.subscriptionId) === undefined) return notification;
  const others = (meta.members()?.names.length ?? 0) > 1;
  const edits = { _meta: others ? editObject(meta, { [META.subscriptionId]: null }) : null };
  return { method: notification.method, params: Payload.ofPieces(editObject(notification.params, edits)) };
}
