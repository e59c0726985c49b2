import { isRecord, type LogLevel, methodInfo, modernServerCapabilities, type Payload } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import type { Outcome, SessionRef } from '../core/exchange.ts';
import type { Offers, UpstreamCall } from '../core/upstream.ts';
import { type Asks, createAsks } from './asks.ts';
import { type Connection, type ConnectionContext, type ConnectionEvents, recordOf } from './connection.ts';
import { fromLegacyError } from './legacy-errors.ts';
import { createFollower, type Follower } from './legacy-follow.ts';
import { type Handshake, initialize } from './legacy-handshake.ts';
import { LegacyTasks } from './legacy-tasks.ts';
import type { LinkFailure, StreamState } from './link.ts';
import { createLiveness, isSilence } from './liveness.ts';
import { relayLog, severityOf } from './logs.ts';
import { legacyParams } from './params.ts';
import type { Peer, Reply } from './peer.ts';
import type { PeerHooks } from './peer-hooks.ts';
import { Pending } from './pending.ts';
import { hasMember, requestMessage } from './wire.ts';

/** A verbose log level nobody asked for this long is given up, in milliseconds. */
const LEVEL_MS = 60_000;
/** The hub's own requests have a session begun anew at most this often, in milliseconds. */
const RECOVER_MS = 10_000;

/** How a peer was initialized. */
export interface LegacyTerms {
  readonly handshake: Handshake & { ok: true };
  /** What was declared to the server. */
  readonly capabilities: Record<string, unknown>;
  /** The session that alone uses the connection, if one does. */
  readonly client: SessionRef | undefined;
}

/** Speaks the legacy era over a peer that was initialized on the terms. */
export function createLegacy(
  peer: Peer,
  context: ConnectionContext,
  events: ConnectionEvents,
  terms: LegacyTerms,
): Connection {
  return new Legacy(peer, context, events, terms);
}

class Legacy implements Connection, PeerHooks {
  offers: Offers;
  readonly peer: Peer;
  readonly #context: ConnectionContext;
  readonly #events: ConnectionEvents;
  /** What was declared to the server. */
  readonly #declared: Record<string, unknown>;
  readonly #asks: Asks;
  readonly #follower: Follower;
  readonly #tasks: LegacyTasks;
  readonly #checkLife: () => void;
  /** In the server's own words. */
  #capabilities: Record<string, unknown>;
  /** The level the server was told; undefined = none yet. */
  #level: LogLevel | undefined;
  /** When a call last wanted that level. */
  #levelAt = 0;
  /** Set while the session is begun anew. */
  #recovering: Promise<void> | undefined;
  #stranded: Pending[] = [];
  /** When it was last begun anew. */
  #recoveredAt = Number.NEGATIVE_INFINITY;

  constructor(
    peer: Peer,
    context: ConnectionContext,
    events: ConnectionEvents,
    { handshake, capabilities, client }: LegacyTerms,
  ) {
    this.peer = peer;
    this.#context = context;
    this.#events = events;
    this.#declared = capabilities;
    this.#asks = createAsks(peer, context, client);
    this.offers = offersOf(handshake);
    this.#capabilities = capabilitiesOf(handshake);
    this.#follower = createFollower(peer, context, events, this.#capabilities);
    this.#tasks = new LegacyTasks(peer, context, events);
    const ask = () => this.probe(context.timeouts.requestMs);
    this.#checkLife = createLiveness(peer, ask, (why) => events.lost(why));
    peer.version = undefined;
    peer.cancelNotice = true;
    peer.hooks = this;
    // Not only changes come on it: many servers send their asks there.
    peer.link?.openStream?.();
  }

  request(call: UpstreamCall): Promise<Outcome> {
    if (this.#recovering !== undefined) return this.#recovering.then(() => this.request(call));
    const wanted = call.envelope.logLevel;
    if (wanted !== undefined && isRecord(this.#capabilities.logging) && this.#mustTell(wanted)) {
      return this.#tellLevel(wanted).then(() => this.#send(call));
    }
    return this.#send(call);
  }

  follow(resources: ReadonlySet<string>): void {
    this.#follower.follow(resources);
  }

  probe(limitMs: number): Promise<Reply> {
    return this.peer.own('ping', '{}', limitMs);
  }

  close(reason: string): Promise<void> {
    this.#asks.withdrawAll(reason);
    return this.peer.close(reason);
  }

  answered(pending: Pending, body: Payload, isError: boolean): Outcome | undefined {
    const call = pending.call as UpstreamCall;
    if (isError) return fromLegacyError(body, call, this.#context.spec.id);
    if (call.method === 'tools/call') {
      const outcome = this.#tasks.answered(pending, body);
      if (outcome !== 'not-a-task') return outcome;
    } else if (call.method === 'tools/list') this.#context.tools.learn(body, !hasMember(call.params, 'cursor'));
    return { kind: 'complete', result: body };
  }

  failed(pending: Pending, why: LinkFailure): boolean {
    if (this.#context.http && isSilence(why)) this.#checkLife();
    if (why.kind !== 'session_gone' || pending.retried) return false;
    // A server that forgets every session is not to be kept busy by what the hub asks of its own accord.
    const again = this.#context.now() - this.#recoveredAt < RECOVER_MS;
    if (pending.call === undefined && again && this.#recovering === undefined) return false;
    this.#stranded.push(pending);
    this.#recovering ??= this.#recover();
    return true;
  }

  asked(rpcId: string, method: string, params: Payload, related: Pending | undefined): void {
    const owner = this.#tasks.attribute(rpcId, method, params);
    if (owner !== 'taken') this.#asks.asked(rpcId, method, params, owner ?? related);
  }

  told(method: string, params: Payload, related: Pending | undefined): void {
    switch (method) {
      case 'notifications/message':
        return relayLog(this.peer, params, related);
      case 'notifications/tools/list_changed':
        return this.#events.emit({ type: 'changed', list: 'tools' });
      case 'notifications/prompts/list_changed':
        return this.#events.emit({ type: 'changed', list: 'prompts' });
      case 'notifications/resources/list_changed':
        return this.#events.emit({ type: 'changed', list: 'resources' });
      case 'notifications/resources/updated': {
        const uri = params.text('uri');
        return uri === undefined ? undefined : this.#events.emit({ type: 'updated', uri });
      }
      case 'notifications/cancelled': {
        const id = params.member('requestId');
        return id === undefined ? undefined : this.#asks.withdrawn(new TextDecoder().decode(id.bytes()));
      }
      case 'notifications/elicitation/complete':
        return this.#asks.completed(params);
      case 'notifications/tasks/status':
        return this.#tasks.status(params);
      default:
        related?.deliver({ method, params });
    }
  }

  stream(state: StreamState): void {
    if (state === 'reopened') this.#follower.reportMissed();
    // Some servers say so of a stream they do not have: what becomes of another request tells.
    else if (state === 'gone') void this.probe(this.#context.timeouts.requestMs);
  }

  ended(pending: Pending): void {
    this.#tasks.ended(pending);
    this.#events.ended(pending);
  }

  closed(why: LinkFailure): void {
    this.#asks.withdrawAll(why.message);
    this.#events.lost(why);
  }

  #send(call: UpstreamCall): Promise<Outcome> {
    const method = methodInfo(call.method);
    if (method !== undefined && call.method.startsWith('tasks/')) return this.#tasks.request(call);
    if (this.#tasks.runs(call, this.#capabilities)) return this.#tasks.start(call);
    if (method !== undefined && !method.eras.includes('legacy')) {
      return Promise.resolve(failure('HATAGO_METHOD_NOT_FOUND', { server: this.#context.spec.id }));
    }
    const id = this.peer.mint();
    const message = requestMessage(id, call.method, legacyParams(call, id));
    return this.peer.start(new Pending(this.peer, id, call.method, message, call));
  }

  /** The level is one for the whole session, so it follows the most verbose call of the last while. */
  #mustTell(wanted: LogLevel): boolean {
    const now = this.#context.now();
    const told = this.#level;
    if (told === undefined || severityOf(wanted) < severityOf(told)) return true;
    if (wanted === told) this.#levelAt = now;
    return wanted !== told && now - this.#levelAt > LEVEL_MS;
  }

  async #tellLevel(level: LogLevel): Promise<void> {
    this.#level = level;
    this.#levelAt = this.#context.now();
    await this.peer.own('logging/setLevel', `{"level":"${level}"}`, this.#context.timeouts.requestMs);
  }

  /** Begins a new session on the same link, then sends again what was refused meanwhile. */
  async #recover(): Promise<void> {
    const { peer } = this;
    const { hubInfo, timeouts, spec, log } = this.#context;
    log({ level: 'info', event: 'upstream.session_lost', server: spec.id, message: 'the session is begun anew' });
    this.#asks.withdrawAll('the server has forgotten the session');
    peer.link?.setSession?.(undefined, this.offers.protocolVersion);
    const handshake = await initialize(peer, { hubInfo, capabilities: this.#declared, limitMs: timeouts.connectMs });
    const stranded = this.#stranded;
    this.#stranded = [];
    this.#recovering = undefined;
    this.#recoveredAt = this.#context.now();
    if (!handshake.ok) {
      for (const pending of stranded) peer.settle(pending, this.#lost());
      await peer.close('the session could not be begun anew');
      this.#events.lost(handshake.failure ?? { kind: 'lost', message: 'the session could not be begun anew' });
      return;
    }
    this.offers = offersOf(handshake);
    this.#capabilities = capabilitiesOf(handshake);
    this.#level = undefined;
    peer.link?.openStream?.();
    this.#follower.restart(this.#capabilities);
    for (const pending of stranded) this.#replay(pending);
  }

  /** Sends again what the server refused with the session it forgot: that never ran. */
  #replay(pending: Pending): void {
    if (pending.stage === 'ended') return;
    // What it asked in the course of a call it has read, whatever it says.
    if (pending.sink !== undefined) return this.peer.settle(pending, this.#lost());
    pending.retried = true;
    this.peer.resend(pending, pending.id, pending.message);
  }

  #lost(): Outcome {
    return failure('HATAGO_UPSTREAM_LOST', { server: this.#context.spec.id });
  }
}

function capabilitiesOf(handshake: Handshake & { ok: true }): Record<string, unknown> {
  return recordOf(handshake.result.member('capabilities')) ?? {};
}

function offersOf(handshake: Handshake & { ok: true }): Offers {
  const { result, version } = handshake;
  return {
    era: 'legacy',
    protocolVersion: version,
    capabilities: modernServerCapabilities(capabilitiesOf(handshake)),
    serverInfo: recordOf(result.member('serverInfo')),
    instructions: result.text('instructions'),
  };
}
