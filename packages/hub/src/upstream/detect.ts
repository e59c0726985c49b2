import { isRecord, MODERN_VERSION } from '@hatago/protocol';
import type { CancelSignal } from '../core/cancel.ts';
import type { SessionRef } from '../core/exchange.ts';
import type { Connection, ConnectionContext, ConnectionEvents } from './connection.ts';
import { throwIfCancelled, within } from './deadline.ts';
import type { Found } from './era-memory.ts';
import { codeOf, isRpcError } from './failures.ts';
import { createLegacy } from './legacy.ts';
import { type Handshake, initialize } from './legacy-handshake.ts';
import { LinkError, type LinkFailure, type OpenLink } from './link.ts';
import { createModern, envelopeHead, isDiscover, isSteady, namesOnlyLegacy } from './modern.ts';
import { Peer, type Reply } from './peer.ts';
import type { Verdict } from './spec.ts';

/** How the links of a server are opened. */
export interface Openers {
  readonly open: OpenLink;
  /** The HTTP+SSE transport of 2024-11-05 at the same place. */
  readonly sse?: OpenLink;
}

/** What {@link connect} works with. */
export interface ConnectOptions {
  readonly context: ConnectionContext;
  readonly events: ConnectionEvents;
  readonly openers: Openers;
  /** What is declared to a legacy server. */
  readonly capabilities: Record<string, unknown>;
  /** The session that alone uses the connection, if one does. */
  readonly client: SessionRef | undefined;
  readonly signal: CancelSignal;
  /** What is remembered of the server and has not expired. */
  readonly verdict: Verdict | undefined;
  /** Takes what was found out. */
  remember(found: Found): void;
}

/**
 * Connects to a server in the era it speaks: as configured, as remembered, or as found out by asking in place. Rejects
 * with a {@link LinkError}; nothing is left open then.
 * @see MCP 2026-07-28 versioning, backward compatibility
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const attempt = new Attempt(options);
  try {
    return await attempt.run();
  } catch (error) {
    await attempt.drop('could not connect');
    throw error;
  }
}

/** What a probe says: an era, or that nothing can be said because the server is gone or keeps silent. */
type Evidence = 'modern' | 'legacy' | 'gone' | 'silent';

class Attempt {
  readonly #options: ConnectOptions;
  readonly #startedAt: number;
  #peer: Peer | undefined;

  constructor(options: ConnectOptions) {
    this.#options = options;
    this.#startedAt = options.context.now();
  }

  async run(): Promise<Connection> {
    const { context, verdict } = this.#options;
    const { protocol = 'auto', kind } = context.spec;
    if (kind === 'sse') return this.#legacy(await this.#open());
    if (protocol === 'legacy') return this.#legacyOrSse(await this.#open());
    if (protocol === 'auto' && verdict?.era === 'legacy') {
      const known = await this.#known(verdict);
      if (known !== undefined) return known;
    }
    const connection = await this.#probe(protocol === 'modern');
    const { era, capabilities } = connection.offers;
    if (protocol === 'auto' && era === 'modern') this.#options.remember({ era, steady: isSteady(capabilities) });
    return connection;
  }

  /** Ends what was opened last. */
  async drop(reason: string): Promise<void> {
    const peer = this.#peer;
    this.#peer = undefined;
    await peer?.close(reason);
  }

  /** Connects as remembered; undefined when the server does not answer to that any more. */
  async #known(verdict: Verdict): Promise<Connection | undefined> {
    const { openers } = this.#options;
    try {
      return verdict.sse === true && openers.sse !== undefined
        ? await this.#legacy(await this.#open(openers.sse))
        : await this.#legacy(await this.#open());
    } catch (error) {
      await this.drop('not as remembered');
      if (isUnavailable(error)) throw error;
      return undefined;
    }
  }

  async #probe(mustBeModern: boolean): Promise<Connection> {
    const { context, verdict, client } = this.#options;
    const peer = await this.#open();
    // HTTP servers of the newer protocol refuse what does not name it in its headers.
    peer.version = MODERN_VERSION;
    const asked = this.#discover(peer);
    // A start waits for one answer instead of two, where the lists are not read for a session's own process.
    const isAhead = verdict?.steady === true && client === undefined;
    const listed = isAhead ? this.#own(peer, 'tools/list', context.timeouts.requestMs) : undefined;
    // A server that must be modern may take its time; of another one silence is a hint.
    const reply = mustBeModern ? await asked : await within(asked, context.limits.probeMs, context.schedule);
    const evidence = reply === 'late' ? 'silent' : judge(reply, peer);
    if (evidence === 'modern')
      return this.#modern(peer, offersOurs(reply as Reply) ? await this.#discover(peer) : (reply as Reply), listed);
    if (mustBeModern)
      throw new LinkError(failureOf(reply as Reply, 'does not answer server/discover as a modern server'));
    if (evidence === 'gone') return this.#again(reply as Reply);
    if (evidence === 'legacy') return this.#legacyOrSse(peer);
    return this.#silent(peer, asked);
  }

  #discover(peer: Peer): Promise<Reply> {
    return this.#own(peer, 'server/discover', this.#leftMs());
  }

  #own(peer: Peer, method: string, limitMs: number): Promise<Reply> {
    const { hubInfo } = this.#options.context;
    return peer.own(method, `{"_meta":${envelopeHead(hubInfo)}{}}}`, limitMs);
  }

  /** The server says nothing: it is initialized in place, unless it answers the probe after all. */
  async #silent(peer: Peer, asked: Promise<Reply>): Promise<Connection> {
    const late = asked.then((reply) => (judge(reply, peer) === 'modern' ? reply : undefined));
    const handshake = this.#initialize(peer);
    const modern = await Promise.race([late, handshake.then(() => undefined)]);
    if (modern !== undefined) return this.#modern(peer, modern);
    const result = await handshake;
    if (!result.ok) {
      const answer = await within(late, 0, this.#options.context.schedule);
      if (answer !== 'late' && answer !== undefined) return this.#modern(peer, answer);
    }
    if (!result.ok && peer.closed !== undefined) return this.#again(result);
    return this.#legacyOrSse(peer, result);
  }

  /** Some servers exit when anything comes before `initialize`: they are started once more. */
  async #again(last: Reply | (Handshake & { ok: false })): Promise<Connection> {
    if (this.#options.context.http) throw new LinkError(failureOf(last, 'the connection was lost'));
    await this.drop('started again for the older protocol');
    const connection = await this.#legacy(await this.#open());
    this.#options.remember({ era: 'legacy' });
    return connection;
  }

  #modern(peer: Peer, reply: Reply, listed?: Promise<Reply>): Connection {
    const { context, events } = this.#options;
    if (reply.outcome.kind !== 'complete') throw new LinkError(failureOf(reply, 'refused server/discover'));
    return createModern(peer, context, events, { discover: reply.outcome.result, listed });
  }

  async #legacyOrSse(peer: Peer, done?: Handshake): Promise<Connection> {
    const { openers } = this.#options;
    const handshake = done ?? (await this.#initialize(peer));
    if (handshake.ok || openers.sse === undefined || ![400, 404, 405].includes(statusOf(handshake) ?? 0)) {
      const connection = await this.#legacy(peer, handshake);
      this.#options.remember({ era: 'legacy' });
      return connection;
    }
    await this.drop('trying HTTP+SSE');
    try {
      const connection = await this.#legacy(await this.#open(openers.sse));
      this.#options.remember({ era: 'legacy', sse: true });
      return connection;
    } catch (error) {
      if (isUnavailable(error)) throw error;
      // What the server said first says more than that it has no HTTP+SSE either.
      throw new LinkError(failureOf(handshake, 'refused initialize'));
    }
  }

  async #legacy(peer: Peer, done?: Handshake): Promise<Connection> {
    const { context, events, capabilities, client } = this.#options;
    const handshake = done ?? (await this.#initialize(peer));
    if (!handshake.ok) throw new LinkError(failureOf(handshake, 'refused initialize'));
    return createLegacy(peer, context, events, { handshake, capabilities, client });
  }

  #initialize(peer: Peer): Promise<Handshake> {
    const { context, capabilities } = this.#options;
    peer.version = undefined;
    return initialize(peer, { hubInfo: context.hubInfo, capabilities, limitMs: this.#leftMs() });
  }

  async #open(open: OpenLink = this.#options.openers.open): Promise<Peer> {
    const { context, signal } = this.#options;
    throwIfCancelled(signal);
    const { spec, timeouts, gate, log } = context;
    const peer = new Peer({
      server: spec.id,
      timeouts,
      gate,
      log,
      now: () => context.now(),
      schedule: (ms, call) => context.schedule(ms, call),
    });
    const link = await open(peer.events, signal);
    peer.bind(link);
    this.#peer = peer;
    // A handshake is not waited for when nobody wants the connection any more.
    signal.onCancel((reason) => void peer.close(reason));
    throwIfCancelled(signal);
    return peer;
  }

  #leftMs(): number {
    const { now, timeouts } = this.#options.context;
    if (timeouts.connectMs === 0) return 0;
    return Math.max(1, timeouts.connectMs - (now() - this.#startedAt));
  }
}

/** What an answer to `server/discover` says of the era of the one that gave it. */
export function judge(reply: Reply, peer: Peer): Evidence {
  const { outcome, failure, status } = reply;
  if (outcome.kind === 'complete') return isDiscover(outcome.result) ? 'modern' : 'legacy';
  if (failure !== undefined) {
    if (failure.kind === 'auth' || (failure.kind === 'http' && !isRefusal(failure.status)))
      throw new LinkError(failure);
    return peer.closed !== undefined
      ? 'gone'
      : failure.kind === 'unsent' || failure.kind === 'lost'
        ? 'gone'
        : 'legacy';
  }
  const error = outcome.kind === 'error' ? outcome.error.value() : undefined;
  if (!isRpcError(error)) return 'legacy';
  // Our own, for a probe without an answer.
  if (error.code === -31003) return 'silent';
  if (status !== undefined && !isRefusal(status)) throw new LinkError(failureOf(reply, 'answered with an error'));
  if (error.code === -32022) {
    const supported = isRecord(error.data) ? error.data.supported : undefined;
    return namesOnlyLegacy(supported) || supported === undefined ? 'legacy' : 'modern';
  }
  return error.code === -32020 || error.code === -32021 ? 'modern' : 'legacy';
}

/** Whether a server refuses the version and names it among those it speaks: then it is asked with it once more. */
function offersOurs({ outcome }: Reply): boolean {
  const error = outcome.kind === 'error' ? outcome.error.value() : undefined;
  if (!isRpcError(error) || error.code !== -32022 || !isRecord(error.data)) return false;
  const { supported } = error.data;
  return Array.isArray(supported) && supported.includes(MODERN_VERSION);
}

/** Whether an HTTP status is a server's refusal of what was sent; others say nothing of its era. */
function isRefusal(status: number | undefined): boolean {
  return status !== undefined && status >= 400 && status < 500 && ![401, 403, 408, 429].includes(status);
}

function statusOf(handshake: Handshake & { ok: false }): number | undefined {
  return handshake.failure?.kind === 'http' ? handshake.failure.status : handshake.status;
}

/** Whether the failure is one of reaching the server, so that trying another era would not help. */
function isUnavailable(error: unknown): boolean {
  if (!(error instanceof LinkError)) return true;
  const { failure } = error;
  if (failure.kind === 'auth' || failure.kind === 'unsent' || failure.kind === 'runtime') return true;
  return failure.kind === 'http' && !isRefusal(failure.status) && codeOf(failure) !== 'HATAGO_UPSTREAM_PROTOCOL';
}

function failureOf(reply: Reply | (Handshake & { ok: false }), what: string): LinkFailure {
  if (reply.failure !== undefined) return reply.failure;
  const { outcome } = reply;
  const error = outcome.kind === 'error' ? outcome.error.value() : undefined;
  if (!isRpcError(error)) return { kind: 'protocol', message: what };
  if (error.code === -31003) return { kind: 'lost', message: 'the server did not answer in time' };
  return { kind: 'protocol', message: `${what}: ${error.message.slice(0, 200)} (${error.code})` };
}
