import { isRecord, META, type Payload } from '@hatago/protocol';
import type { Outcome } from '../core/exchange.ts';
import { backoffDelay, DEFAULT_BACKOFF } from './backoff.ts';
import type { ConnectionContext, ConnectionEvents } from './connection.ts';
import { isSilence } from './liveness.ts';
import type { Peer } from './peer.ts';
import { Pending } from './pending.ts';
import { requestMessage } from './wire.ts';

/** Keeps one `subscriptions/listen` request open at a modern server, for what is wanted at the time. */
export interface Subscriptions {
  /** Sets the resources and tasks to be told about. */
  follow(resources: ReadonlySet<string>, tasks: ReadonlySet<string>): void;
  acknowledged(params: Payload, related: Pending | undefined): void;
  /** The server ends the request with this id. */
  cancelled(id: unknown): void;
  close(): void;
}

/** What {@link createSubscriptions} works with. */
export interface SubscriptionsOptions {
  readonly peer: Peer;
  readonly context: ConnectionContext;
  readonly events: ConnectionEvents;
  readonly capabilities: Record<string, unknown>;
  /** The `_meta` of a request of the hub's own, as JSON text. */
  readonly meta: string;
  /** The request was lost, and perhaps the server with it. */
  silent(): void;
}

type Filter = Record<string, unknown>;

/**
 * Makes the {@link Subscriptions} of a connection. A filter cannot change, so the new request is acknowledged before the
 * old one is ended; a lost one is sent again in silence, and what may have been missed is reported as changed.
 * @see MCP 2026-07-28 subscriptions
 */
export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const { peer, context, events, capabilities, meta } = options;
  let resources: ReadonlySet<string> = new Set();
  let tasks: ReadonlySet<string> = new Set();
  let current: Pending | undefined;
  let previous: Pending | undefined;
  let wantedText = '';
  let planned = false;
  let missed = false;
  let attempt = 0;
  let stopRetry: (() => void) | undefined;
  /** The server does not know the method. */
  let refused = false;
  let closed = false;

  const wanted = (): Filter => {
    const filter: Filter = {};
    if (has(capabilities.tools, 'listChanged')) filter.toolsListChanged = true;
    if (has(capabilities.prompts, 'listChanged')) filter.promptsListChanged = true;
    if (has(capabilities.resources, 'listChanged')) filter.resourcesListChanged = true;
    if (resources.size > 0) filter.resourceSubscriptions = [...resources];
    if (tasks.size > 0) filter.taskIds = [...tasks];
    return filter;
  };

  const plan = (): void => {
    if (planned || closed) return;
    planned = true;
    queueMicrotask(() => {
      planned = false;
      const text = JSON.stringify(wanted());
      if (closed || refused || (text === wantedText && (current !== undefined || stopRetry !== undefined))) return;
      wantedText = text;
      open();
    });
  };

  const open = (): void => {
    stopRetry?.();
    stopRetry = undefined;
    if (closed || peer.closed !== undefined) return;
    // One that was never acknowledged has nothing to hand over.
    end(previous);
    previous = current;
    current = undefined;
    if (wantedText === '{}') {
      end(previous);
      previous = undefined;
      return;
    }
    const id = peer.mint();
    const params = `{"notifications":${wantedText},"_meta":${meta}}`;
    const pending = new Pending(peer, id, 'subscriptions/listen', requestMessage(id, 'subscriptions/listen', [params]));
    pending.limitMs = 0;
    current = pending;
    void peer.start(pending).then((outcome) => ended(pending, outcome));
  };

  const end = (pending: Pending | undefined): void => {
    if (pending !== undefined) peer.abandon(pending, 'replaced');
  };

  const ended = (pending: Pending, outcome: Outcome): void => {
    if (pending === previous) previous = undefined;
    if (pending !== current) return;
    current = undefined;
    if (closed || peer.closed !== undefined) return;
    // A server without the method will not learn it while this connection lasts.
    refused = outcome.kind === 'error' && isUnknownMethod(outcome.error);
    if (refused) return;
    missed = true;
    if (pending.failure !== undefined && isSilence(pending.failure)) options.silent();
    const delay = backoffDelay(attempt++, DEFAULT_BACKOFF, context.random());
    stopRetry = context.schedule(delay, open);
  };

  const reportMissed = (): void => {
    missed = false;
    const filter = wanted();
    if (filter.toolsListChanged === true) events.emit({ type: 'changed', list: 'tools' });
    if (filter.promptsListChanged === true) events.emit({ type: 'changed', list: 'prompts' });
    if (filter.resourcesListChanged === true) events.emit({ type: 'changed', list: 'resources' });
    for (const uri of resources) events.emit({ type: 'updated', uri });
  };

  plan();
  return {
    follow(nextResources, nextTasks) {
      resources = nextResources;
      tasks = nextTasks;
      plan();
    },
    acknowledged(params, related) {
      const id = params.member('_meta')?.member(META.subscriptionId)?.value();
      if (current === undefined || (related !== current && String(id) !== String(current.id))) return;
      attempt = 0;
      end(previous);
      previous = undefined;
      if (missed) reportMissed();
    },
    cancelled(id) {
      if (current !== undefined && String(id) === String(current.id)) peer.abandon(current, 'ended by the server');
    },
    close() {
      closed = true;
      stopRetry?.();
    },
  };
}

function has(capability: unknown, member: string): boolean {
  return isRecord(capability) && capability[member] === true;
}

function isUnknownMethod(error: Payload): boolean {
  const value = error.value();
  return isRecord(value) && value.code === -32601;
}
