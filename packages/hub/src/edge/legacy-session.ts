import {
  type ClassifiedNotification,
  type ClassifiedRequest,
  type ClassifiedResponse,
  type Envelope,
  editObject,
  type HubCode,
  isLogLevel,
  type LogLevel,
  Payload,
  type Piece,
  type RequestId,
  readProgressToken,
} from '@hatago/protocol';
import { type ErrorDetail, failure } from '../core/errors.ts';
import type { Ask, AskAnswer, Principal, SessionRef } from '../core/exchange.ts';
import type { Generation } from '../core/generation.ts';
import { ShortMap } from '../core/short-map.ts';
import { newSessionHandle } from '../session/session-id.ts';
import type { SessionRecord } from '../session/sessions.ts';
import type { EdgeDeps } from './deps.ts';
import type { OpenAsk } from './legacy-asks.ts';
import { LegacyCall } from './legacy-call.ts';
import { LegacyListen } from './legacy-listen.ts';
import type { Sink } from './legacy-sink.ts';
import type { LegacyStreams } from './legacy-streams.ts';
import { haveTasks, knowsTasks, LegacyTasks } from './legacy-tasks.ts';
import { askSession } from './session-asks.ts';
import { refusal, resultMessage } from './wire.ts';

/** A legacy request as `classify` found it. */
export type LegacyRequest = ClassifiedRequest & { readonly era: 'legacy' };

/** What a session is made of. */
export interface LegacySessionInit {
  readonly id: string;
  readonly principal: Principal;
  readonly route: string;
  readonly version: string;
  readonly clientInfo: Payload | undefined;
  /** In the modern shape. */
  readonly capabilities: Payload;
}

/** The level at which log messages are sent to a client that never set one. */
const DEFAULT_LEVEL: LogLevel = 'info';
const SESSION_ENDED = { code: -32000, message: 'the session of the client has ended' };
const EMPTY_RESULT: readonly Piece[] = ['{}'];

/** All the state the hub holds for one legacy client, and what it answers for it without asking anybody. */
export class LegacySession implements SessionRef, SessionRecord {
  readonly deps: EdgeDeps;
  readonly id: string;
  /** What it is called where it is shown. */
  readonly handle: string = newSessionHandle();
  readonly principal: Principal;
  readonly route: string;
  readonly version: string;
  readonly clientInfo: Payload | undefined;
  readonly capabilities: Payload;
  lastSeenMs = 0;
  ended = false;
  /** The client was offered tasks. */
  offersTasks = false;
  /** Made when first needed, like everything below: an idle session is a handful of fields. */
  asks: Map<number, OpenAsk> | undefined;
  subscriptions: Set<string> | undefined;
  tasks: LegacyTasks | undefined;
  streams: LegacyStreams | undefined;
  #level: LogLevel | undefined;
  #envelope: Envelope | undefined;
  #calls: ShortMap<RequestId, LegacyCall> | undefined;
  #standing: Sink | undefined;
  #listen: LegacyListen | undefined;
  #lastId: number;
  #generation: Generation;
  /** It is counted among the sessions of its generation. */
  #begun = false;

  constructor(deps: EdgeDeps, init: LegacySessionInit) {
    this.deps = deps;
    this.#lastId = deps.askIdsAfter ?? 0;
    this.id = init.id;
    this.principal = init.principal;
    this.route = init.route;
    this.version = init.version;
    this.clientInfo = init.clientInfo;
    this.capabilities = init.capabilities;
    this.#generation = deps.current();
  }

  /** The client has its session: from now on its generation waits for it. */
  begin(): void {
    if (this.#begun || this.ended) return;
    this.#begun = true;
    this.#generation.holds.sessions++;
    this.deps.onSession?.(this.id, 'opened', this);
  }

  /** Id of the generation its requests run on. */
  get generation(): number {
    return this.#generation.id;
  }

  /** The servers the session works with are no longer the active ones. */
  get behind(): boolean {
    return this.#generation !== this.deps.current();
  }

  /**
   * The generation a request is carried out on: the one the session began on, until it asks for a list anew, which is how
   * it learns of another, or until that generation is over.
   */
  generationFor({ method, params }: { readonly method: string; readonly params: Payload }): Generation {
    const isList = LISTS.has(method) && params.members()?.names.includes('cursor') !== true;
    if (this.#generation.over || isList) this.#move();
    return this.#generation;
  }

  #move(): void {
    const before = this.#generation;
    const next = this.deps.current();
    if (before === next) return;
    this.#generation = next;
    if (!this.#begun) return;
    before.holds.sessions--;
    next.holds.sessions++;
    for (const upstream of before.upstreams) {
      if (!next.upstreams.includes(upstream)) upstream.sessionEnded?.(this.id);
    }
    this.deps.onSession?.(this.id, 'moved', this);
  }

  get owner(): string {
    return this.principal.id;
  }

  get busy(): boolean {
    return this.callCount > 0 || this.#standing !== undefined || this.tasks?.busy === true;
  }

  get callCount(): number {
    return this.#calls?.size ?? 0;
  }

  mintId(): number {
    return ++this.#lastId;
  }

  /** The envelope of a request of this session. */
  envelopeOf(params: Payload): Envelope {
    this.#envelope ??= {
      protocolVersion: this.version,
      clientInfo: this.clientInfo,
      clientCapabilities: this.capabilities,
      logLevel: this.#level ?? DEFAULT_LEVEL,
      progressToken: undefined,
      asks: 'attached',
    };
    const token = readProgressToken(params.member('_meta'));
    if (!token.ok || token.value === undefined) return this.#envelope;
    return { ...this.#envelope, progressToken: token.value };
  }

  /** Answers one request, at once or when its call has come back. */
  request(request: LegacyRequest, sink: Sink): void {
    const own = Object.hasOwn(OWN, request.method) ? OWN[request.method] : undefined;
    if (own !== undefined) return own(this, request, sink);
    if (request.info !== undefined && (!request.info.eras.includes('legacy') || request.info.from === 'server')) {
      return refuse(sink, request, 'HATAGO_METHOD_NOT_FOUND');
    }
    let params = request.params;
    if (params.member('task') !== undefined && request.method === 'tools/call') {
      params = Payload.ofPieces(editObject(params, { task: null }));
      if (this.hasTasks()) {
        this.tasks ??= new LegacyTasks(this);
        return this.tasks.start(request, params, sink);
      }
    }
    this.call(request, params, sink)?.run();
  }

  /** Whether it may use tasks: it was offered them, or a server turned out to have them after it was greeted. */
  hasTasks(): boolean {
    const { route, version } = this;
    this.offersTasks ||= knowsTasks(version) && haveTasks(this.#generation.match(route)?.upstreams ?? []);
    return this.offersTasks;
  }

  /** Registers a call; undefined when it was refused. */
  call(request: LegacyRequest, params: Payload, sink: Sink): LegacyCall | undefined {
    this.#calls ??= new ShortMap();
    if (this.#calls.has(request.id)) {
      refuse(sink, request, 'HATAGO_INVALID_REQUEST', { message: 'A request with this id is still in flight.' });
      return undefined;
    }
    if (this.#calls.size >= this.deps.limits.maxInFlight) {
      refuse(sink, request, 'HATAGO_OVERLOADED');
      return undefined;
    }
    const call = new LegacyCall(this, request, params, sink);
    this.#calls.set(request.id, call);
    return call;
  }

  finished(call: LegacyCall): void {
    if (this.#calls?.get(call.id) === call) this.#calls.delete(call.id);
  }

  /** Takes a notification of the client's. */
  notification(notification: ClassifiedNotification): void {
    if (notification.method !== 'notifications/cancelled') return;
    const id = notification.params.member('requestId')?.value();
    if (typeof id !== 'string' && typeof id !== 'number') return;
    this.#calls?.get(id)?.cancel(notification.params.text('reason') ?? 'the client cancelled the request');
  }

  /** Takes the client's answer to one of our questions; one that nobody waits for is ignored. */
  response(response: ClassifiedResponse): void {
    if (typeof response.id !== 'number') return;
    const ask = this.asks?.get(response.id);
    if (ask === undefined) return;
    if (response.error !== undefined) ask.answered({ error: response.error });
    else ask.answered({ result: response.result as Payload });
  }

  ask(ask: Omit<Ask, 'key'>, done: (answer: AskAnswer) => void): (reason: string) => void {
    return askSession(this, ask, done);
  }

  setLevel(level: LogLevel): void {
    this.#level = level;
    this.#envelope = undefined;
  }

  /** Where messages go that belong to no request; changes are listened for while there is such a place. */
  stand(sink: Sink): void {
    this.#standing = sink;
    this.#listen ??= new LegacyListen(this);
    this.#listen.open();
  }

  /** The place is gone; what is told meanwhile waits in its stream where that can be resumed. */
  unstand(sink: Sink): void {
    if (this.#standing === sink) this.#standing = undefined;
  }

  /** Sends a message that belongs to no request. */
  tell(message: readonly Piece[]): boolean {
    return (this.#standing ?? this.streams?.standing)?.message(message) ?? false;
  }

  /** Listens for what is subscribed now, when anybody can be told. */
  relisten(): void {
    this.#listen?.open();
  }

  prune(nowMs: number): void {
    this.tasks?.prune(nowMs);
    if (this.streams?.prune(nowMs) === true && this.#standing === undefined) {
      this.#listen?.close();
      this.#listen = undefined;
    }
  }

  end(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    this.#listen?.close();
    this.tasks?.close(reason);
    for (const call of this.#calls?.values() ?? []) call.cancel(reason);
    // Those of calls went with their calls.
    for (const ask of [...(this.asks?.values() ?? [])]) ask.answered({ error: Payload.ofValue(SESSION_ENDED) });
    this.streams?.close();
    this.asks = undefined;
    if (!this.#begun) return;
    this.#generation.holds.sessions--;
    for (const upstream of this.#generation.upstreams) upstream.sessionEnded?.(this.id);
    this.deps.onSession?.(this.id, 'closed', this);
  }
}

/** With these a client asks what there is. */
const LISTS: ReadonlySet<string> = new Set([
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
]);

type Own = (session: LegacySession, request: LegacyRequest, sink: Sink) => void;

/** What a session answers itself. */
const OWN: Readonly<Record<string, Own>> = {
  ping: (_, request, sink) => done(sink, request),
  initialize: (_, request, sink) =>
    refuse(sink, request, 'HATAGO_INVALID_REQUEST', { message: 'This session is initialized already.' }),
  'logging/setLevel'(session, request, sink) {
    const level = request.params.member('level')?.value();
    if (!isLogLevel(level)) return refuse(sink, request, 'HATAGO_INVALID_PARAMS', { message: 'Unknown log level.' });
    session.setLevel(level);
    done(sink, request);
  },
  'resources/subscribe'(session, request, sink) {
    const uri = request.params.text('uri');
    if (uri === undefined) return refuse(sink, request, 'HATAGO_INVALID_PARAMS', { message: 'params.uri is missing.' });
    session.subscriptions ??= new Set();
    if (!session.subscriptions.has(uri)) {
      if (session.subscriptions.size >= session.deps.limits.maxInFlight)
        return refuse(sink, request, 'HATAGO_OVERLOADED');
      session.subscriptions.add(uri);
      session.relisten();
    }
    done(sink, request);
  },
  'resources/unsubscribe'(session, request, sink) {
    const uri = request.params.text('uri');
    if (uri === undefined) return refuse(sink, request, 'HATAGO_INVALID_PARAMS', { message: 'params.uri is missing.' });
    if (session.subscriptions?.delete(uri) === true) session.relisten();
    done(sink, request);
  },
  'tasks/get': (session, request, sink) => tasksOf(session, request, sink)?.get(request, sink),
  'tasks/list': (session, request, sink) => tasksOf(session, request, sink)?.list(request, sink),
  'tasks/result': (session, request, sink) => tasksOf(session, request, sink)?.result(request, sink),
  'tasks/cancel': (session, request, sink) => tasksOf(session, request, sink)?.cancel(request, sink),
};

function tasksOf(session: LegacySession, request: LegacyRequest, sink: Sink): LegacyTasks | undefined {
  if (!session.hasTasks()) {
    refuse(sink, request, 'HATAGO_METHOD_NOT_FOUND');
    return undefined;
  }
  session.tasks ??= new LegacyTasks(session);
  return session.tasks;
}

function done(sink: Sink, request: LegacyRequest): void {
  sink.answer(resultMessage(request.idBytes, EMPTY_RESULT));
}

/** Answers a request with an error of the table. */
export function refuse(sink: Sink, request: LegacyRequest, code: HubCode, detail?: ErrorDetail): void {
  const { message, ...status } = refusal(code, request.idBytes, detail);
  sink.answer(message, status);
}

/** The error payload of a row of the table. */
export function tableError(code: HubCode, detail?: ErrorDetail): Payload {
  return failure(code, detail).error;
}
