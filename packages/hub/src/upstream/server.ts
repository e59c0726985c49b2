import { methodInfo } from '@hatago/protocol';
import { createCanceller } from '../core/cancel.ts';
import { failure } from '../core/errors.ts';
import type { Outcome } from '../core/exchange.ts';
import { NO_LOG } from '../core/log.ts';
import type { Offers, Upstream, UpstreamCall, UpstreamEvent, UpstreamStatus } from '../core/upstream.ts';
import { backoffDelay, DEFAULT_BACKOFF } from './backoff.ts';
import type { Connection, ConnectionContext, ConnectionEvents } from './connection.ts';
import { systemSchedule } from './deadline.ts';
import { connect, type Openers } from './detect.ts';
import { Gate } from './gate.ts';
import { openersOf } from './kinds.ts';
import { declaredBy, UNION_CAPABILITIES } from './legacy-handshake.ts';
import { LinkError, type LinkFailure } from './link.ts';
import { ParkedCalls } from './parked.ts';
import { type LeaseEvents, type LeaseTerms, Pool } from './pool.ts';
import { DEFAULT_LIMITS, DEFAULT_TIMEOUTS, type UpstreamDeps, type UpstreamSpec, type Verdicts } from './spec.ts';
import { createMemoryVerdicts, isFresh } from './verdicts.ts';

/** A connection that lasted this long ends a series of failures, in milliseconds. */
const STABLE_MS = 10_000;

/** Makes the upstream of a configured server; `openers` replaces how its links are opened. */
export function createUpstream(spec: UpstreamSpec, deps: UpstreamDeps, openers?: Openers): Upstream {
  return new ManagedUpstream(spec, deps, openers);
}

class ManagedUpstream implements Upstream {
  readonly id: string;
  readonly about: Upstream['about'];
  readonly settled: Promise<void>;
  readonly #spec: UpstreamSpec;
  readonly #context: ConnectionContext;
  readonly #openers: Openers;
  readonly #verdicts: Verdicts;
  readonly #wallNow: () => number;
  readonly #pool: Pool;
  readonly #watchers = new Set<(event: UpstreamEvent) => void>();
  readonly #followed = { resource: new Map<string, number>(), task: new Map<string, number>() };
  readonly #closing = createCanceller();
  #status: UpstreamStatus = { state: 'stopped', error: undefined, offers: undefined };
  #main: Connection | undefined;
  #readyAt = 0;
  #connecting: Promise<Connection | undefined> | undefined;
  #attempt = 0;
  #stopRetry: (() => void) | undefined;
  #retryAt = 0;
  /** The last attempt to connect failed for lack of credentials. */
  #signInNeeded = false;
  #interactive: boolean;
  /** The calls of a server that must not run twice, once it is interactive. */
  #serial: LeaseEvents | undefined;
  /** Nothing but the era of the server decides where a call goes. */
  #plain: boolean;

  constructor(spec: UpstreamSpec, deps: UpstreamDeps, openers: Openers | undefined) {
    this.id = spec.id;
    this.about = spec.about ?? aboutOf(spec);
    this.#spec = spec;
    const limits = { ...DEFAULT_LIMITS, ...deps.limits, ...spec.limits };
    const timeouts = { ...DEFAULT_TIMEOUTS, ...spec.timeouts };
    const schedule = deps.schedule ?? systemSchedule;
    const now = deps.now;
    const log = deps.log ?? NO_LOG;
    this.#wallNow = deps.wallNow ?? now;
    this.#verdicts = deps.verdicts ?? createMemoryVerdicts();
    this.#interactive = this.#verdicts.get(spec.id)?.interactive === true;
    this.#plain = spec.isolation !== 'session' && spec.capabilities !== 'session' && !this.#interactive;
    this.#context = {
      spec,
      limits,
      timeouts,
      hubInfo: JSON.stringify(deps.hubInfo),
      gate: new Gate(limits.maxInFlight, limits.maxQueue),
      parked: new ParkedCalls({ server: spec.id, limits, now, schedule }),
      http: spec.kind === 'http' || spec.kind === 'in-process',
      log,
      now,
      schedule,
      random: deps.random ?? Math.random,
      interactive: () => this.#becomeInteractive(),
    };
    this.#openers = openers ?? openersOf(spec, { log, limits, guard: deps.guard });
    this.#pool = new Pool({
      server: spec.id,
      maxLeased: limits.maxLeased,
      waitMs: timeouts.requestMs,
      now,
      schedule,
      open: (terms, events) => this.#openLeased(terms, events),
    });
    this.settled = spec.start === 'lazy' ? Promise.resolve() : this.#ensure().then(() => undefined);
  }

  get status(): UpstreamStatus {
    return this.#status;
  }

  request(call: UpstreamCall): Promise<Outcome> {
    const main = this.#main;
    if (main === undefined) return this.#requestLater(call);
    if (call.resume !== undefined && call.resume.state !== null) {
      const { state } = call.resume;
      if (main.offers.era === 'legacy' || this.#context.parked.knows(state)) {
        return this.#context.parked.resume(call, state);
      }
    }
    if (this.#plain) return main.request(call);
    return this.#route(main, call);
  }

  watch(on: (event: UpstreamEvent) => void): () => void {
    this.#watchers.add(on);
    return () => this.#watchers.delete(on);
  }

  subscribe(kind: 'resource' | 'task', uri: string): () => void {
    const counts = this.#followed[kind];
    const count = counts.get(uri) ?? 0;
    counts.set(uri, count + 1);
    if (count === 0) this.#follow();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (counts.get(uri) ?? 1) - 1;
      if (left > 0) counts.set(uri, left);
      else {
        counts.delete(uri);
        this.#follow();
      }
    };
  }

  async close(reason: string): Promise<void> {
    if (this.#closing.cancelled) return;
    this.#closing.cancel(reason);
    this.#stopRetry?.();
    const main = this.#main;
    this.#main = undefined;
    await Promise.all([this.#connecting, this.#pool.close(reason), main?.close(reason)]);
    this.#setStatus('stopped', undefined);
    this.#watchers.clear();
  }

  /** A call that finds no connection: it waits for one that is on its way or due, and fails where there is none. */
  async #requestLater(call: UpstreamCall): Promise<Outcome> {
    const { resume } = call;
    if (typeof resume?.state === 'string' && this.#context.parked.knows(resume.state)) {
      return this.#context.parked.resume(call, resume.state);
    }
    // After its first failure a server is tried again at its own pace, not at its callers'.
    const main = this.#stopRetry !== undefined && this.#attempt > 1 ? undefined : await this.#ensure();
    if (main !== undefined) return this.request(call);
    return this.#unavailable();
  }

  /** Chooses the connection of a call by isolation, capabilities, and whether the server asks during calls. */
  #route(main: Connection, call: UpstreamCall): Promise<Outcome> {
    const { isolation, capabilities, forbidSecondProcess } = this.#spec;
    const legacy = main.offers.era === 'legacy';
    const declared = capabilities === 'session' && legacy ? declaredBy(call.envelope.clientCapabilities.value()) : {};
    const fingerprint = JSON.stringify(declared);
    const session = call.session?.id;
    const asking = this.#interactive && legacy && methodInfo(call.method)?.mrtr === true;
    const isolated = isolation === 'session' && session !== undefined;
    const { sessionIdleMs, leaseIdleMs } = this.#context.limits;
    const terms = { capabilities: declared, idleMs: session === undefined ? leaseIdleMs : sessionIdleMs };
    if (asking && forbidSecondProcess === true) {
      return this.#pool.request(call, { ...terms, key: 'serial', exclusive: true, max: 1 });
    }
    if (asking) {
      const key = `asking ${session ?? ''} ${fingerprint}`;
      const max = session === undefined ? Number.POSITIVE_INFINITY : 1;
      return this.#pool.request(call, { ...terms, key, exclusive: true, max });
    }
    if (!isolated && fingerprint === '{}') return main.request(call);
    const key = `shared ${isolated ? session : ''} ${fingerprint}`;
    return this.#pool.request(call, { ...terms, key, exclusive: false, max: 1 });
  }

  async #openLeased(terms: LeaseTerms, events: LeaseEvents): Promise<Connection | undefined> {
    if (terms.key === 'serial') {
      const main = await this.#ensure();
      if (main === undefined) return undefined;
      this.#serial = events;
      return borrowed(main);
    }
    const capabilities = this.#spec.capabilities === 'session' ? terms.capabilities : UNION_CAPABILITIES;
    try {
      return await this.#connect(capabilities, {
        emit: (event) => this.#emit(event),
        ended: events.ended,
        lost: events.lost,
        stale: () => this.#forgetEra(),
      });
    } catch (error) {
      this.#report(error);
      return undefined;
    }
  }

  /** The shared connection, opened if it is not there; undefined when it cannot be. */
  #ensure(): Promise<Connection | undefined> {
    if (this.#main !== undefined && this.#main.peer.closed === undefined) return Promise.resolve(this.#main);
    if (this.#closing.cancelled) return Promise.resolve(undefined);
    this.#connecting ??= this.#start().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #start(): Promise<Connection | undefined> {
    this.#stopRetry?.();
    this.#stopRetry = undefined;
    this.#setStatus('starting', this.#status.error);
    let lost: LinkFailure | undefined;
    let connection: Connection | undefined;
    const events: ConnectionEvents = {
      emit: (event) => this.#emit(event),
      ended: (pending) => this.#serial?.ended(pending),
      lost: (why) => {
        lost = why;
        if (connection !== undefined && connection === this.#main) this.#lose(why.message);
      },
      stale: () => this.#becomeStale(),
    };
    try {
      const capabilities = this.#spec.capabilities === 'session' ? {} : UNION_CAPABILITIES;
      connection = await this.#connect(capabilities, events);
      if (lost !== undefined) throw new LinkError(lost);
    } catch (error) {
      this.#fail(this.#report(error));
      return undefined;
    }
    if (this.#closing.cancelled) {
      await connection.close('closed');
      return undefined;
    }
    this.#main = connection;
    this.#readyAt = this.#context.now();
    this.#setStatus('ready', undefined, connection.offers);
    this.#follow();
    return connection;
  }

  async #connect(capabilities: Record<string, unknown>, events: ConnectionEvents): Promise<Connection> {
    const remembered = this.#verdicts.get(this.id);
    const canceller = createCanceller();
    const release = this.#closing.onCancel((reason) => canceller.cancel(reason));
    const { connectMs } = this.#context.timeouts;
    const stop =
      connectMs > 0
        ? this.#context.schedule(connectMs, () => canceller.cancel('it took too long to connect'))
        : release;
    try {
      return await connect({
        context: this.#context,
        events,
        openers: this.#openers,
        capabilities,
        signal: canceller,
        verdict: remembered !== undefined && isFresh(remembered, this.#wallNow()) ? remembered : undefined,
        remember: ({ era, sse }) => this.#remember({ era, sse }),
      });
    } finally {
      stop();
      release();
    }
  }

  #remember(found: { era?: 'legacy' | 'modern'; sse?: boolean }): void {
    const interactive = this.#interactive ? { interactive: true } : undefined;
    const expiresAt = this.#wallNow() + this.#context.limits.verdictMs;
    const old = this.#verdicts.get(this.id);
    // A verdict that still holds keeps its expiry: else one that is used every day would never be checked.
    if (old?.era === found.era && old?.sse === found.sse && isFresh(old ?? {}, this.#wallNow())) return;
    this.#verdicts.put(this.id, { ...found, expiresAt, ...interactive });
  }

  #forgetEra(): void {
    this.#verdicts.put(this.id, this.#interactive ? { interactive: true } : {});
  }

  #becomeStale(): void {
    this.#forgetEra();
    const main = this.#main;
    this.#lose('the server no longer speaks the protocol version it did');
    void main?.close('the era has to be found out again');
  }

  #becomeInteractive(): void {
    if (this.#interactive) return;
    this.#interactive = true;
    this.#plain = false;
    this.#verdicts.put(this.id, { ...this.#verdicts.get(this.id), interactive: true });
    this.#context.log({
      level: 'info',
      event: 'upstream.interactive',
      server: this.id,
      message: 'asks during calls without saying for which; its calls get connections of their own from now on',
    });
  }

  #lose(message: string): void {
    this.#main = undefined;
    this.#serial?.lost();
    this.#serial = undefined;
    if (this.#context.now() - this.#readyAt >= STABLE_MS) this.#attempt = 0;
    this.#context.log({ level: 'warn', event: 'upstream.lost', server: this.id, message });
    if (this.#spec.start === 'lazy' && this.#nothingFollowed()) {
      this.#setStatus('stopped', undefined);
      return;
    }
    this.#fail(message);
  }

  #fail(message: string): void {
    this.#setStatus('failed', message);
    if (this.#closing.cancelled) return;
    const { random, schedule, now } = this.#context;
    const delay = backoffDelay(this.#attempt++, DEFAULT_BACKOFF, random());
    this.#retryAt = now() + delay;
    this.#stopRetry = schedule(delay, () => {
      this.#stopRetry = undefined;
      void this.#ensure();
    });
  }

  #report(error: unknown): string {
    this.#signInNeeded = error instanceof LinkError && error.failure.kind === 'auth';
    const message = error instanceof LinkError ? error.message : 'an internal failure; see the log';
    this.#context.log({
      level: 'warn',
      event: 'upstream.failed',
      server: this.id,
      message,
      ...(error instanceof LinkError ? { kind: error.failure.kind } : { cause: String(error) }),
    });
    return message;
  }

  #unavailable(): Outcome {
    if (this.#signInNeeded) return failure('HATAGO_UPSTREAM_AUTH_REQUIRED', { server: this.id });
    const retryAfterMs = Math.max(0, Math.round(this.#retryAt - this.#context.now()));
    return failure('HATAGO_UPSTREAM_UNAVAILABLE', { server: this.id, retryAfterMs });
  }

  #nothingFollowed(): boolean {
    return this.#followed.resource.size + this.#followed.task.size === 0;
  }

  #follow(): void {
    this.#main?.follow(new Set(this.#followed.resource.keys()), new Set(this.#followed.task.keys()));
  }

  #setStatus(
    state: UpstreamStatus['state'],
    error: string | undefined,
    offers: Offers | undefined = this.#status.offers,
  ): void {
    this.#status = { state, error, offers };
    this.#emit({ type: 'state' });
  }

  #emit(event: UpstreamEvent): void {
    for (const watcher of [...this.#watchers]) watcher(event);
  }
}

/** A connection whose owner is another: whoever borrows it does not end it. */
function borrowed(connection: Connection): Connection {
  return {
    offers: connection.offers,
    peer: connection.peer,
    request: (call) => connection.request(call),
    follow: () => {},
    close: () => Promise.resolve(),
  };
}

function aboutOf(spec: UpstreamSpec): Upstream['about'] {
  if (spec.url === undefined) return { type: spec.kind, command: spec.command };
  const url = new URL(spec.url);
  return { type: spec.kind, url: `${url.origin}${url.pathname}` };
}
