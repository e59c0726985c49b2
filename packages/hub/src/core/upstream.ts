import type { Envelope, Era, HubCode, Payload } from '@hatago/protocol';
import type { CancelSignal } from './cancel.ts';
import type { Notification, Outcome, Principal, SessionRef } from './exchange.ts';
import type { Supervised } from './supervised.ts';

/** One request to an upstream, in the modern shape. */
export interface UpstreamCall {
  readonly method: string;
  /** The caller's params; what is sent differs from them by `target` and by what the upstream's era changes. */
  readonly params: Payload;
  /** The upstream's own name or URI (or task id) where the caller's params hold the public one; undefined = as it is. */
  readonly target: string | undefined;
  readonly envelope: Envelope;
  readonly principal: Principal;
  readonly session: SessionRef | undefined;
  readonly signal: CancelSignal;
  /** Notifications for the caller; progress already carries the caller's own token. */
  emit(notification: Notification): void;
  /** Set on a retry: the upstream's own `requestState`, opened; `null` when it gave none. */
  readonly resume?: { readonly state: string | null };
}

/** What an upstream said of itself when it was connected. */
export interface Offers {
  readonly era: Era;
  readonly protocolVersion: string;
  /** In the modern shape. */
  readonly capabilities: Record<string, unknown>;
  readonly serverInfo: Record<string, unknown> | undefined;
  readonly instructions: string | undefined;
}

/** State of an upstream as status shows it. */
export interface UpstreamStatus {
  readonly state: 'stopped' | 'starting' | 'ready' | 'failed';
  /** Why it failed, in words for a person; free of secrets. */
  readonly error: string | undefined;
  /** What it offers; kept from the last time while it is down. */
  readonly offers: Offers | undefined;
  /** Row of the error table that says what is the matter; undefined where nothing is. */
  readonly code?: HubCode;
  /** What a person can do about it; undefined where nothing is the matter or nothing helps. */
  readonly fix?: string;
  /** No request starts it: it was stopped by hand, is blocked, or crashed too often. What it offers is not listed. */
  readonly held?: boolean;
}

/** Something that happened at an upstream. */
export type UpstreamEvent =
  | { readonly type: 'state' }
  | { readonly type: 'changed'; readonly list: 'tools' | 'prompts' | 'resources' }
  | { readonly type: 'updated'; readonly uri: string }
  | { readonly type: 'task'; readonly notification: Notification };

/** One configured server, however it is reached. */
export interface Upstream {
  /** The server id of the configuration. */
  readonly id: string;
  /** What a person sees of the configuration, secrets masked. */
  readonly about: { readonly type: string; readonly url?: string; readonly command?: string };
  readonly status: UpstreamStatus;
  /** Resolves when the first attempt to connect has ended, well or not; never rejects. */
  readonly settled: Promise<void>;
  /** Carries out one request; connects first where that is needed. Failures of the hop are `error` outcomes. */
  request(call: UpstreamCall): Promise<Outcome>;
  /** Calls back on every event; the returned function ends that. */
  watch(on: (event: UpstreamEvent) => void): () => void;
  /** Keeps a resource (or task) subscribed while the returned function has not been called; counted per URI. */
  subscribe(kind: 'resource' | 'task', uri: string): () => void;
  /** Starting and stopping it by hand; undefined for an upstream that is always there. */
  readonly supervised?: Supervised;
  /** Hash of what it was made from: what is remembered of it holds for as long as this stays the same. */
  readonly digest?: string;
  /** It is started by its first use, so what it offers is worth remembering over restarts. */
  readonly lazy?: boolean;
  /** Calls that wait for their clients' answers. @default 0 */
  readonly parked?: number;
  /** A session has ended: what was kept for it alone is ended too. */
  sessionEnded?(sessionId: string): void;
  /** Ends every call and connection; nothing of the server is left running. */
  close(reason: string): Promise<void>;
}
