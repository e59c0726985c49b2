import { type Envelope, isRecord, joinPieces, Payload, type RequestId, type Scanned, scan } from '@hatago/protocol';
import { type CancelSignal, NEVER } from '../core/cancel.ts';
import { LOCAL, type Notification, type Outcome, type Principal, type SessionRef } from '../core/exchange.ts';
import type { LogEvent } from '../core/log.ts';
import type { Upstream, UpstreamCall } from '../core/upstream.ts';
import type { Openers } from './detect.ts';
import type { Link, LinkEvents, LinkFailure, OpenLink, Outgoing } from './link.ts';
import { createUpstream } from './server.ts';
import type { UpstreamDeps, UpstreamSpec, Verdict } from './spec.ts';

/** A clock for tests: time passes only when it is told to. */
export interface TestClock {
  now(): number;
  schedule(ms: number, call: () => void): () => void;
  /** Lets time pass, timers firing in their order, and what they began settle. */
  advance(ms: number): Promise<void>;
  /** How many timers are set. */
  readonly timers: number;
}

/** Makes a {@link TestClock} that stands at 1,000,000 ms. */
export function createTestClock(): TestClock {
  let time = 1_000_000;
  let timers: { at: number; call: () => void }[] = [];
  return {
    now: () => time,
    schedule(ms, call) {
      const timer = { at: time + ms, call };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    async advance(ms) {
      const end = time + ms;
      await settle();
      for (;;) {
        const next = timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers = timers.filter((other) => other !== next);
        time = next.at;
        next.call();
        await settle();
      }
      time = end;
      await settle();
    },
    get timers() {
      return timers.length;
    },
  };
}

/** Lets everything that is ready happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn++) await Promise.resolve();
}

/** A message a scripted server received. */
export interface Heard {
  readonly id?: number;
  readonly method: string;
  readonly params: Record<string, unknown>;
  readonly text: string;
  readonly out: Outgoing;
  readonly link: number;
}

/** Answers a request: a result, an `{error}`, or undefined to stay silent. */
export type Script = Record<string, ((heard: Heard) => unknown) | undefined>;

/** A server in memory that does what a test tells it to. */
export interface ScriptedServer {
  readonly open: OpenLink;
  readonly script: Script;
  /** Requests and notifications received, the oldest first. */
  readonly heard: Heard[];
  /** Responses received, by the id of the server's request. */
  readonly answers: Map<RequestId, { result?: unknown; error?: { code: number; message: string } }>;
  /** Ids the hub told the link to stop reading. */
  readonly cancelled: number[];
  readonly links: ScriptedLink[];
  /** The last one received with the method. */
  last(method: string): Heard;
  count(method: string): number;
  /** Sends any message; on the newest link unless another is named. */
  say(message: unknown, relatedTo?: number, link?: number): void;
  /** Answers a request. */
  reply(heard: Heard, result: unknown): void;
}

/** One link to a scripted server. */
export interface ScriptedLink {
  readonly events: LinkEvents;
  closed: string | undefined;
  session: string | undefined;
  streams: number;
  fail(id: number, failure: LinkFailure): void;
  end(failure?: LinkFailure): void;
}

/** What a scripted server is like. */
export interface ScriptedOptions {
  /** Its link says which request a message belongs to. @default false */
  readonly attributed?: boolean;
  readonly script?: Script;
}

/** A legacy server's answer to `initialize`. */
export const INITIALIZED: Record<string, unknown> = {
  protocolVersion: '2025-11-25',
  capabilities: { tools: { listChanged: true }, logging: {}, resources: { subscribe: true } },
  serverInfo: { name: 'old', version: '1' },
};

/** A modern server's answer to `server/discover`. */
export const DISCOVERED: Record<string, unknown> = {
  resultType: 'complete',
  supportedVersions: ['2026-07-28'],
  capabilities: { tools: { listChanged: true }, resources: {} },
  ttlMs: 0,
  cacheScope: 'private',
  _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'new', version: '2' } },
};

/** Makes a {@link ScriptedServer}. */
export function createScriptedServer(options: ScriptedOptions = {}): ScriptedServer {
  const script = { ...options.script };
  const server: ScriptedServer = {
    script,
    heard: [],
    answers: new Map(),
    cancelled: [],
    links: [],
    open: (events) => Promise.resolve(openLink(server, events, options.attributed === true)),
    last(method) {
      const found = server.heard.findLast((heard) => heard.method === method);
      if (found === undefined) throw new Error(`${method} was not received`);
      return found;
    },
    count: (method) => server.heard.filter((heard) => heard.method === method).length,
    say(message, relatedTo, link = server.links.length - 1) {
      const target = server.links[link] as ScriptedLink;
      if (target.closed === undefined) target.events.message(toScanned(message), relatedTo);
    },
    reply(heard, result) {
      const body = isRecord(result) && isRecord(result.error) ? { error: result.error } : { result };
      server.say({ jsonrpc: '2.0', id: heard.id, ...body }, heard.id, heard.link);
    },
  };
  return server;
}

function openLink(server: ScriptedServer, events: LinkEvents, attributed: boolean): Link {
  const index = server.links.length;
  const state: ScriptedLink = {
    events,
    closed: undefined,
    session: undefined,
    streams: 0,
    fail: (id, failure) => events.failed(id, failure),
    end(failure = { kind: 'lost', message: 'it ended' }) {
      state.closed = failure.message;
      events.closed(failure);
    },
  };
  server.links.push(state);
  return {
    attributed,
    send(out) {
      const text = new TextDecoder().decode(joinPieces(out.message));
      const message = JSON.parse(text) as Record<string, unknown>;
      if (typeof message.method !== 'string') {
        server.answers.set(message.id as RequestId, message as { result?: unknown });
        return;
      }
      const heard = { ...message, params: message.params ?? {}, text, out, link: index } as unknown as Heard;
      server.heard.push(heard);
      const answer = server.script[message.method];
      if (answer === undefined) return;
      queueMicrotask(() => {
        const result = answer(heard);
        if (result !== undefined && heard.id !== undefined) server.reply(heard, result);
      });
    },
    cancel: (id) => server.cancelled.push(id),
    setSession: (session) => {
      state.session = session;
    },
    openStream: () => {
      state.streams++;
    },
    close: (reason) => {
      state.closed = reason;
      return Promise.resolve();
    },
  };
}

function toScanned(message: unknown): Scanned {
  const scanned = scan(new TextEncoder().encode(typeof message === 'string' ? message : JSON.stringify(message)));
  if (!scanned.ok) throw new Error('the script sends something that is not JSON');
  return scanned.value;
}

/** A call with everything a test does not care about filled in. */
export interface CallOptions {
  readonly method?: string;
  readonly params?: unknown;
  readonly target?: string;
  readonly principal?: Principal;
  readonly session?: string | SessionRef;
  readonly signal?: CancelSignal;
  readonly asks?: Envelope['asks'];
  readonly capabilities?: unknown;
  readonly logLevel?: Envelope['logLevel'];
  readonly progressToken?: RequestId;
  readonly clientInfo?: unknown;
  readonly resume?: UpstreamCall['resume'];
}

/** A call for tests, with what was emitted for its caller. */
export type TestCall = UpstreamCall & { readonly emitted: Notification[] };

/** Builds a {@link TestCall}, a `tools/call` unless told otherwise. */
export function buildCall(options: CallOptions = {}): TestCall {
  const emitted: Notification[] = [];
  const params = options.params ?? { name: 'echo', arguments: {} };
  return {
    method: options.method ?? 'tools/call',
    params: Payload.ofBytes(new TextEncoder().encode(typeof params === 'string' ? params : JSON.stringify(params))),
    target: options.target,
    principal: options.principal ?? LOCAL,
    session: typeof options.session === 'string' ? { id: options.session } : options.session,
    signal: options.signal ?? NEVER,
    envelope: {
      protocolVersion: '2026-07-28',
      clientInfo: options.clientInfo === undefined ? undefined : Payload.ofValue(options.clientInfo),
      clientCapabilities: Payload.ofValue(options.capabilities ?? {}),
      logLevel: options.logLevel,
      progressToken: options.progressToken,
      asks: options.asks ?? 'deferred',
    },
    emitted,
    emit: (notification) => emitted.push(notification),
    resume: options.resume,
  };
}

/** What a caller sees of an outcome, as values. */
export function seen(outcome: Outcome): Record<string, unknown> {
  return outcome.kind === 'error'
    ? { kind: 'error', error: outcome.error.value() }
    : { kind: outcome.kind, result: outcome.result.value() };
}

/** The error code of an outcome; undefined when it is none. */
export function errorCode(outcome: Outcome): number | undefined {
  return outcome.kind === 'error' ? (outcome.error.value() as { code: number }).code : undefined;
}

/** An upstream over a scripted server, with its clock and its log. */
export interface TestUpstream {
  readonly upstream: Upstream;
  readonly server: ScriptedServer;
  readonly clock: TestClock;
  readonly logged: LogEvent[];
}

/** Makes a {@link TestUpstream}; it connects at once, as the given kind of server. */
export function createTestUpstream(
  script: Script,
  spec: Partial<UpstreamSpec> = {},
  more: { readonly deps?: Partial<UpstreamDeps>; readonly attributed?: boolean; readonly sse?: ScriptedServer } = {},
): TestUpstream {
  const clock = createTestClock();
  const logged: LogEvent[] = [];
  const server = createScriptedServer({ script, attributed: more.attributed });
  const openers: Openers = more.sse === undefined ? { open: server.open } : { open: server.open, sse: more.sse.open };
  const upstream = createUpstream(
    { id: 'test', kind: 'stdio', command: 'server', ...spec },
    {
      now: clock.now,
      schedule: clock.schedule,
      random: () => 1,
      hubInfo: { name: 'hatago', version: '0' },
      log: (event) => logged.push(event),
      ...more.deps,
    },
    openers,
  );
  return { upstream, server, clock, logged };
}

/** The scripts of a plain server of each era. */
export const LEGACY_SCRIPT: Script = {
  'server/discover': () => ({ error: { code: -32601, message: 'Method not found' } }),
  initialize: () => INITIALIZED,
  'logging/setLevel': () => ({}),
  'resources/subscribe': () => ({}),
  'resources/unsubscribe': () => ({}),
};
export const MODERN_SCRIPT: Script = {
  'server/discover': () => DISCOVERED,
  'subscriptions/listen': () => undefined,
};

/** Verdicts in memory, of which that of the scripted server may be there already. */
export function remembering(initial?: Verdict): {
  known: Map<string, Verdict>;
  get: (id: string) => Verdict | undefined;
  put: (id: string, v: Verdict) => void;
} {
  const known = new Map<string, Verdict>(initial === undefined ? [] : [['test', initial]]);
  return { known, get: (id) => known.get(id), put: (id, verdict) => void known.set(id, verdict) };
}
