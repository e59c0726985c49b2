import {
  isRecord,
  LEGACY_VERSIONS,
  META,
  MODERN_VERSION,
  methodInfo,
  nameHeaderSource,
  type Payload,
  paramHeaders,
  TASKS_EXTENSION,
} from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import { HUB, type Outcome } from '../core/exchange.ts';
import { missingCapabilities } from '../core/missing-capabilities.ts';
import type { Offers, UpstreamCall } from '../core/upstream.ts';
import { withoutContext } from './ask-shape.ts';
import { type Connection, type ConnectionContext, type ConnectionEvents, recordOf } from './connection.ts';
import { learnDeclarations } from './declarations.ts';
import { fromLegacyError } from './legacy-errors.ts';
import type { LinkFailure } from './link.ts';
import { createLiveness, isSilence } from './liveness.ts';
import { relayLog } from './logs.ts';
import { modernMeta, modernParams } from './params.ts';
import type { Peer, Reply } from './peer.ts';
import { type PeerHooks, UNKNOWN_METHOD } from './peer-hooks.ts';
import { Pending } from './pending.ts';
import { createEnvelopeHead } from './relayed.ts';
import { createSubscriptions, type Subscriptions } from './subscriptions.ts';
import { hasMember, memberIs, requestMessage } from './wire.ts';

const MAX_PAGES = 64;

/** The `_meta` of a modern request of the hub, open before the capabilities. */
export function envelopeHead(hubInfo: string): string {
  return `{"${META.protocolVersion}":"${MODERN_VERSION}","${META.clientInfo}":${hubInfo},"${META.clientCapabilities}":`;
}

/** Whether a result is one of `server/discover`. */
export function isDiscover(result: Payload): boolean {
  const value = result.value();
  return isRecord(value) && Array.isArray(value.supportedVersions) && value.supportedVersions.includes(MODERN_VERSION);
}

/** Whether a `server/discover` result, or the data of −32022, names a legacy revision only. */
export function namesOnlyLegacy(versions: unknown): boolean {
  return (
    Array.isArray(versions) && !versions.includes(MODERN_VERSION) && versions.some((v) => LEGACY_VERSIONS.includes(v))
  );
}

/** Whether a server has tools and does not announce that they change. */
export function isSteady({ tools }: Readonly<Record<string, unknown>>): boolean {
  return isRecord(tools) && tools.listChanged !== true;
}

/** What a server was asked before its era was settled. */
export interface Opening {
  /** The result of `server/discover`. */
  readonly discover: Payload;
  /** The first page of its tools; of use only where the server is steady still. */
  readonly listed?: Promise<Reply> | undefined;
}

/** Speaks the modern era over a peer whose server answered `server/discover`. */
export function createModern(
  peer: Peer,
  context: ConnectionContext,
  events: ConnectionEvents,
  opening: Opening,
): Connection {
  return new Modern(peer, context, events, opening);
}

class Modern implements Connection, PeerHooks {
  readonly offers: Offers;
  readonly peer: Peer;
  readonly #context: ConnectionContext;
  readonly #events: ConnectionEvents;
  readonly #head: (capabilities: Payload) => string;
  readonly #ownMeta: string;
  readonly #subscriptions: Subscriptions;
  readonly #checkLife: () => void;
  #listed: Promise<Reply> | undefined;

  constructor(peer: Peer, context: ConnectionContext, events: ConnectionEvents, { discover, listed }: Opening) {
    this.peer = peer;
    this.#context = context;
    this.#events = events;
    const head = envelopeHead(context.hubInfo);
    this.#head = createEnvelopeHead(head);
    this.#ownMeta = `${head}{}}`;
    const capabilities = recordOf(discover.member('capabilities')) ?? {};
    this.#listed = isSteady(capabilities) ? listed : undefined;
    this.offers = {
      era: 'modern',
      protocolVersion: MODERN_VERSION,
      capabilities,
      serverInfo: recordOf(discover.member('serverInfo') ?? discover.member('_meta')?.member(META.serverInfo)),
      instructions: discover.text('instructions'),
    };
    peer.version = MODERN_VERSION;
    peer.cancelNotice = !context.http;
    peer.hooks = this;
    const ask = () => this.probe(context.timeouts.requestMs);
    this.#checkLife = createLiveness(peer, ask, (why) => this.closed(why));
    this.#subscriptions = createSubscriptions({
      peer,
      context,
      events,
      capabilities,
      meta: this.#ownMeta,
      silent: this.#checkLife,
    });
  }

  request(call: UpstreamCall): Promise<Outcome> {
    const listed = this.#listed;
    if (listed === undefined || !isFirstPage(call)) return this.#send(call);
    this.#listed = undefined;
    return listed.then(({ outcome }) => {
      const result = outcome.kind === 'complete' && isComplete(outcome.result) ? outcome.result : undefined;
      return result === undefined ? this.#send(call) : this.#complete(call, result);
    });
  }

  #send(call: UpstreamCall): Promise<Outcome> {
    const { peer } = this;
    const id = peer.mint();
    const pending = new Pending(peer, id, call.method, this.#compose(call, id), call);
    if (this.#context.http) this.#address(pending, call);
    return peer.start(pending);
  }

  follow(resources: ReadonlySet<string>, tasks: ReadonlySet<string>): void {
    this.#subscriptions.follow(resources, tasks);
  }

  probe(limitMs: number): Promise<Reply> {
    return this.peer.own('server/discover', `{"_meta":${this.#ownMeta}}`, limitMs);
  }

  close(reason: string): Promise<void> {
    this.#subscriptions.close();
    return this.peer.close(reason);
  }

  answered(pending: Pending, body: Payload, isError: boolean): Outcome | undefined {
    const call = pending.call as UpstreamCall;
    if (isError) return this.#refused(pending, call, body);
    return isComplete(body) ? this.#complete(call, body) : this.#typed(call, body);
  }

  failed(_pending: Pending, why: LinkFailure): boolean {
    if (this.#context.http && isSilence(why)) this.#checkLife();
    return false;
  }

  asked(rpcId: string, method: string): void {
    this.peer.protest(`the request ${JSON.stringify(method.slice(0, 64))}, which this era does not have`);
    this.peer.respond(rpcId, 'error', [UNKNOWN_METHOD]);
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
      case 'notifications/tasks':
        return this.#events.emit({ type: 'task', notification: { method, params } });
      case 'notifications/subscriptions/acknowledged':
        return this.#subscriptions.acknowledged(params, related);
      case 'notifications/cancelled':
        return this.#subscriptions.cancelled(params.member('requestId')?.value());
      default:
        related?.deliver({ method, params });
    }
  }

  ended(pending: Pending): void {
    this.#events.ended(pending);
  }

  closed(why: LinkFailure): void {
    this.#subscriptions.close();
    this.#events.lost(why);
  }

  #compose(call: UpstreamCall, id: number): ReturnType<typeof requestMessage> {
    const meta = modernMeta(call, id, [this.#head(call.envelope.clientCapabilities)]);
    return requestMessage(id, call.method, modernParams(call, meta));
  }

  /** What the HTTP headers of a request say of its body. */
  #address(pending: Pending, call: UpstreamCall): void {
    const source = nameHeaderSource(call.method);
    if (source === undefined) return;
    pending.name = call.target ?? call.params.text(source);
    const { declared } = this.#context;
    if (call.method !== 'tools/call' || declared.size === 0 || pending.name === undefined) return;
    const params = declared.get(pending.name);
    if (params !== undefined) pending.headers = paramHeaders(params, call.params.member('arguments')?.value());
  }

  #complete(call: UpstreamCall, body: Payload): Outcome {
    if (call.method !== 'tools/list' || !this.#context.http) return { kind: 'complete', result: body };
    return { kind: 'complete', result: this.#learn(body, !hasMember(call.params, 'cursor')) };
  }

  #typed(call: UpstreamCall, body: Payload): Outcome {
    const type = body.text('resultType');
    const { clientCapabilities } = call.envelope;
    if (type === 'input_required' && methodInfo(call.method)?.mrtr === true) {
      return undeclaredAsk(body, clientCapabilities, this.#context.spec.id) ?? this.#askFor(body);
    }
    const theirs = extensionsOf(this.offers.capabilities);
    const common = extensionsOf(clientCapabilities.value()).filter((name) => theirs.includes(name));
    if (type === 'task' && common.includes(TASKS_EXTENSION)) return { kind: 'task', result: body };
    // Of other extensions the hub knows only whether both ends agreed on one.
    const known = type === 'task' || type === 'input_required' || type === undefined;
    if (!known && common.some((name) => name !== TASKS_EXTENSION)) return { kind: 'complete', result: body };
    this.peer.protest('a result of a type that was not agreed on');
    return failure('HATAGO_UPSTREAM_PROTOCOL', { server: this.#context.spec.id });
  }

  #askFor(body: Payload): Outcome {
    return { kind: 'input_required', result: withoutContext(body) };
  }

  #refused(pending: Pending, call: UpstreamCall, body: Payload): Outcome | undefined {
    const error = body.value() as { code: number; data?: unknown };
    const server = this.#context.spec.id;
    switch (error.code) {
      case -32020:
        if (pending.retried || !this.#context.http) return failure('HATAGO_UPSTREAM_PROTOCOL', { server });
        pending.retried = true;
        void this.#relist().then(() => this.#again(pending, call));
        return undefined;
      case -32022:
        // Refused before anything was done: the era is found out again, the caller may try again.
        queueMicrotask(() => this.#events.stale());
        return failure('HATAGO_UPSTREAM_UNAVAILABLE', { server, retryAfterMs: 1000 });
      case -32021: {
        const required = isRecord(error.data) ? error.data.requiredCapabilities : undefined;
        const data = isRecord(required) ? { requiredCapabilities: required } : undefined;
        return failure('HATAGO_CAPABILITY_REQUIRED', { server, data });
      }
      default:
        return fromLegacyError(body, call, server);
    }
  }

  #again(pending: Pending, call: UpstreamCall): void {
    if (pending.stage === 'ended') return;
    const id = this.peer.mint();
    this.#address(pending, call);
    this.peer.resend(pending, id, this.#compose(call, id));
  }

  /** Reads the server's tools anew, for the headers they declare. */
  async #relist(): Promise<void> {
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const position = cursor === undefined ? '' : `"cursor":${JSON.stringify(cursor)},`;
      const params = `{${position}"_meta":${this.#ownMeta}}`;
      const { outcome } = await this.peer.own('tools/list', params, this.#context.timeouts.requestMs);
      if (outcome.kind !== 'complete') return;
      this.#learn(outcome.result, page === 0);
      cursor = outcome.result.text('nextCursor');
      if (cursor === undefined) return;
    }
  }

  #learn(page: Payload, first: boolean): Payload {
    const { log, spec, declared } = this.#context;
    return learnDeclarations(page, first, declared, (tool, reason) => {
      log({ level: 'warn', event: 'sec.tool_rejected', server: spec.id, tool: tool.slice(0, 128), reason });
    });
  }
}

const isComplete = (body: Payload): boolean =>
  !hasMember(body, 'resultType') || memberIs(body, 'resultType', '"complete"');

/** Whether the hub asks for the tools on its own behalf, from the beginning. */
const isFirstPage = ({ method, principal, params }: UpstreamCall): boolean =>
  method === 'tools/list' && principal === HUB && !hasMember(params, 'cursor');

function extensionsOf(capabilities: unknown): string[] {
  const extensions = isRecord(capabilities) ? capabilities.extensions : undefined;
  return isRecord(extensions) ? Object.keys(extensions) : [];
}

/** The refusal of asks the caller did not declare to understand; undefined when it declared them all. */
function undeclaredAsk(body: Payload, declared: Payload, server: string): Outcome | undefined {
  const requests = body.member('inputRequests');
  for (const key of requests?.members()?.names ?? []) {
    const ask = requests?.member(key);
    const method = ask?.text('method');
    const params = ask?.member('params');
    if (method === undefined) return failure('HATAGO_UPSTREAM_PROTOCOL', { server });
    const missing = missingCapabilities(method, params ?? (ask as Payload), declared);
    if (missing !== undefined) {
      return failure('HATAGO_CAPABILITY_REQUIRED', { server, data: { requiredCapabilities: missing } });
    }
  }
  return undefined;
}
