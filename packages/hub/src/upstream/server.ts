import type { CancelSignal } from '../core/cancel.ts';
import type { Outcome } from '../core/exchange.ts';
import { NO_LOG } from '../core/log.ts';
import type { Supervised } from '../core/supervised.ts';
import type { Offers, Upstream, UpstreamCall, UpstreamEvent, UpstreamStatus } from '../core/upstream.ts';
import { cannotServe } from './cannot-serve.ts';
import { borrowed, type Connection, type ConnectionContext, type ConnectionEvents } from './connection.ts';
import { type Connector, createConnector } from './connector.ts';
import { systemSchedule } from './deadline.ts';
import type { Openers } from './detect.ts';
import { createEraMemory, type EraMemory } from './era-memory.ts';
import { createFollowed, type Followed } from './followed.ts';
import { Gate } from './gate.ts';
import { watchHealth } from './health.ts';
import { watchIdle } from './idle.ts';
import { leaseTermsOf } from './lease-terms.ts';
import { UNION_CAPABILITIES } from './legacy-handshake.ts';
import { createLines, type Lines } from './lines.ts';
import { LinkError, type LinkFailure } from './link.ts';
import { ParkedCalls } from './parked.ts';
import { createParkedPlaces } from './parked-places.ts';
import { type LeaseEvents, type LeaseTerms, Pool } from './pool.ts';
import { DEFAULT_RESTART } from './restart-policy.ts';
import { DEFAULT_LIMITS, DEFAULT_TIMEOUTS, type UpstreamDeps, type UpstreamSpec } from './spec.ts';
import { specAbout, specDigest } from './spec-digest.ts';
import type { StartedServer } from './starts.ts';
import { statusOf } from './status-of.ts';
import { Supervisor } from './supervisor.ts';
import { createToolBook } from './tool-facts.ts';
import { createMemoryVerdicts } from './verdicts.ts';

/** How long a lazy server stays that was started only to learn what it offers, in milliseconds. */
const LEARNED_MS = 10_000;

/**
 * Makes the upstream of a configured server; `openers` replaces how its links are opened. A lazy server is started by its
 * first use; one whose lists nobody remembers is started once when they are asked for, and stopped again when that was all.
 */
export function createUpstream(spec: UpstreamSpec, deps: UpstreamDeps, openers?: Openers): Upstream {
  return new ManagedUpstream(spec, deps, openers);
}

class ManagedUpstream implements Upstream, StartedServer {
  readonly id: string;
  readonly about: Upstream['about'];
  readonly settled: Promise<void>;
  readonly supervised: Supervised;
  readonly dependsOn: readonly string[];
  readonly #spec: UpstreamSpec;
  readonly #deps: UpstreamDeps;
  readonly #context: ConnectionContext;
  readonly #memory: EraMemory;
  readonly #wallNow: () => number;
  readonly #pool: Pool;
  readonly #lines: Lines = createLines();
  readonly #connector: Connector;
  readonly #supervisor: Supervisor<Connection>;
  readonly #watchers = new Set<(event: UpstreamEvent) => void>();
  readonly #followed: Followed = createFollowed(() => this.#follow());
  readonly #forgetMe: (() => void) | undefined;
  #status: UpstreamStatus;
  #digest: string | undefined;
  #main: Connection | undefined;
  /** Why the last attempt to reach it failed. */
  #failure: LinkFailure | undefined;
  #closed = false;
  /** It has been reached before. */
  #attended = false;
  /** Ends the watches over the connection that runs. */
  #unwatch: (() => void)[] = [];
  /** The calls of a server that must not run twice, once it is interactive. */
  #serial: LeaseEvents | undefined;
  /** Nothing but the era of the server decides where a call goes. */
  #plain: boolean;

  constructor(spec: UpstreamSpec, deps: UpstreamDeps, openers: Openers | undefined) {
    this.id = spec.id;
    this.about = specAbout(spec);
    this.dependsOn = spec.dependsOn ?? [];
    this.#spec = spec;
    this.#deps = deps;
    const limits = { ...DEFAULT_LIMITS, ...deps.limits, ...spec.limits };
    const timeouts = { ...DEFAULT_TIMEOUTS, ...spec.timeouts };
    const { now, schedule = systemSchedule, log = NO_LOG, random = Math.random } = deps;
    this.#wallNow = deps.wallNow ?? now;
    const verdicts = deps.verdicts ?? createMemoryVerdicts();
    this.#memory = createEraMemory({ id: spec.id, verdicts, verdictMs: limits.verdictMs, wallNow: this.#wallNow });
    this.#plain = spec.isolation !== 'session' && spec.capabilities !== 'session' && !this.#memory.interactive;
    this.#context = {
      spec,
      limits,
      timeouts,
      hubInfo: JSON.stringify(deps.hubInfo),
      gate: new Gate(limits.maxInFlight, limits.maxQueue),
      parked: new ParkedCalls({ server: spec.id, limits, places: deps.places ?? createParkedPlaces(), now, schedule }),
      tools: createToolBook(),
      declared: new Map(),
      http: spec.kind === 'http' || spec.kind === 'in-process',
      log,
      now,
      schedule,
      random,
      interactive: () => this.#becomeInteractive(),
    };
    this.#connector = createConnector({
      context: this.#context,
      memory: this.#memory,
      lines: this.#lines,
      deps,
      openers,
    });
    this.#pool = new Pool({
      server: spec.id,
      maxLeased: limits.maxLeased,
      waitMs: timeouts.requestMs,
      now,
      schedule,
      open: (terms, events) => this.#openLeased(terms, events),
    });
    this.#supervisor = new Supervisor<Connection>({
      restart: restartOf(spec),
      open: (signal) => this.#openMain(signal),
      end: (connection, reason) => connection.close(reason),
      endOthers: (reason) => this.#pool.drain(reason),
      explain: (error) => this.#report(error),
      awaitsUse: () => spec.start === 'lazy' && this.#followed.none,
      changed: () => this.#changed(),
      now,
      wallNow: this.#wallNow,
      schedule,
      random,
    });
    this.supervised = this.#buildSupervised();
    const offers = this.lazy ? deps.offersOf?.(spec.id, this.digest) : undefined;
    this.#status = this.#statusNow(offers);
    this.#forgetMe = deps.starts?.register(this);
    const waits = spec.start === 'lazy' || spec.blocked !== undefined;
    this.settled = waits ? Promise.resolve() : this.ready().then(() => undefined);
  }

  get status(): UpstreamStatus {
    return this.#status;
  }

  get digest(): string {
    this.#digest ??= specDigest(this.#spec);
    return this.#digest;
  }

  get parked(): number {
    return this.#context.parked.size;
  }

  get lazy(): boolean {
    return this.#spec.start === 'lazy' || (this.#spec.idleStopMs ?? 0) > 0;
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
    return this.#followed.add(kind, uri);
  }

  sessionEnded(sessionId: string): void {
    this.#pool.endSession(sessionId);
  }

  async close(reason: string): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#forgetMe?.();
    await Promise.all([this.#supervisor.close(reason), this.#pool.close(reason)]);
    await this.#connector.close();
    this.#watchers.clear();
  }

  /** The shared connection, opened if it is not there and may be; undefined when there is none. */
  ready(): Promise<Connection | undefined> {
    if (this.#spec.blocked !== undefined) return Promise.resolve(undefined);
    return this.#supervisor.ensure();
  }

  /** A call that finds no connection: it waits for one that is on its way or due, and fails where there is none. */
  async #requestLater(call: UpstreamCall): Promise<Outcome> {
    const { resume } = call;
    if (typeof resume?.state === 'string' && this.#context.parked.knows(resume.state)) {
      return this.#context.parked.resume(call, resume.state);
    }
    const main = await this.ready();
    if (main !== undefined) return this.request(call);
    return this.#unavailable();
  }

  #unavailable(): Outcome {
    const { held, givenUp, retryAt } = this.#supervisor;
    return cannotServe({
      spec: this.#spec,
      stopped: held && !givenUp && !this.#closed,
      givenUp,
      failure: this.#failure,
      retryAfterMs: retryAt === undefined ? undefined : retryAt - this.#wallNow(),
    });
  }

  /** Chooses the connection of a call by isolation, capabilities, and whether the server asks during calls. */
  #route(main: Connection, call: UpstreamCall): Promise<Outcome> {
    const running = this.#pool.requestOnTask(call);
    if (running !== undefined) return running;
    const { spec, limits } = this.#context;
    const legacy = main.offers.era === 'legacy';
    const terms = leaseTermsOf(call, { spec, limits, legacy, interactive: this.#memory.interactive });
    return terms === undefined ? main.request(call) : this.#pool.request(call, terms);
  }

  async #openLeased(terms: LeaseTerms, events: LeaseEvents): Promise<Connection | undefined> {
    if (terms.key === 'serial') {
      const main = await this.ready();
      if (main === undefined) return undefined;
      this.#serial = events;
      return borrowed(main);
    }
    const capabilities = this.#spec.capabilities === 'session' ? terms.capabilities : UNION_CAPABILITIES;
    try {
      const connection = await this.#connector.open({
        capabilities,
        client: terms.client,
        signal: events.signal,
        leased: true,
        events: {
          emit: (event) => this.#emit(event),
          ended: events.ended,
          lost: events.lost,
          stale: () => this.#memory.forget(),
        },
      });
      events.onEnd(watchHealth(connection, this.#context, { missed: () => {}, failed: events.lost }));
      return connection;
    } catch (error) {
      this.#report(error);
      return undefined;
    }
  }

  async #openMain(signal: CancelSignal): Promise<Connection> {
    const capabilities = this.#spec.capabilities === 'session' ? {} : UNION_CAPABILITIES;
    if (this.dependsOn.length > 0) await this.#deps.starts?.after(this, signal, this.#context.log);
    let lost: LinkFailure | undefined;
    let connection: Connection | undefined;
    const events: ConnectionEvents = {
      emit: (event) => this.#emit(event),
      ended: (pending) => this.#serial?.ended(pending),
      lost: (why) => {
        lost = why;
        if (connection !== undefined) this.#lose(connection, why.message);
      },
      stale: () => {
        this.#memory.forget();
        if (connection !== undefined) this.#lose(connection, 'the server no longer speaks the protocol version it did');
      },
    };
    connection = await this.#connector.open({ capabilities, client: undefined, events, signal, leased: false });
    if (lost === undefined) return connection;
    await connection.close(lost.message);
    throw new LinkError(lost);
  }

  #becomeInteractive(): void {
    if (!this.#memory.becameInteractive()) return;
    this.#plain = false;
    this.#context.log({
      level: 'info',
      event: 'upstream.interactive',
      server: this.id,
      message: 'asks during calls without saying for which; its calls get connections of their own from now on',
    });
  }

  #lose(connection: Connection, message: string): void {
    if (connection === this.#main) {
      this.#serial?.lost();
      this.#serial = undefined;
      this.#context.log({ level: 'warn', event: 'upstream.lost', server: this.id, message });
      this.#failure = { kind: 'lost', message };
    }
    this.#supervisor.lost(connection, message);
  }

  #report(error: unknown): string {
    this.#failure = error instanceof LinkError ? error.failure : undefined;
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

  #changed(): void {
    const main = this.#supervisor.instance;
    if (main !== this.#main) {
      this.#main = main;
      for (const stop of this.#unwatch.splice(0)) stop();
      if (main !== undefined) this.#attend(main);
    }
    this.#status = this.#statusNow(this.#status.offers);
    this.#emit({ type: 'state' });
  }

  /** Watches over the connection that runs from now on. */
  #attend(main: Connection): void {
    this.#failure = undefined;
    this.#follow();
    // Whatever changed while there was no connection was told to nobody.
    if (this.#attended) for (const uri of this.#followed.resources) this.#emit({ type: 'updated', uri });
    this.#attended = true;
    this.#unwatch.push(
      watchHealth(main, this.#context, {
        missed: (count) => this.#supervisor.missed(count),
        failed: (message) => this.#lose(main, message),
      }),
    );
    if (!this.lazy) return;
    const { now, schedule } = this.#context;
    this.#unwatch.push(
      watchIdle({
        idleMs: this.#spec.idleStopMs ?? 0,
        learnedMs: this.#spec.start === 'lazy' ? LEARNED_MS : 0,
        busy: () => main.peer.callers > 0 || this.#pool.size > 0 || !this.#followed.none,
        used: () => main.peer.used + this.#pool.opened,
        now,
        schedule,
        rest: () => this.#supervisor.rest(),
      }),
    );
  }

  #statusNow(known: Offers | undefined): UpstreamStatus {
    const { state, held, reason } = this.#supervisor;
    const offers = this.#main?.offers ?? known;
    return statusOf({ blocked: this.#spec.blocked, state, reason, held, failure: this.#failure, offers });
  }

  #buildSupervised(): Supervised {
    const supervisor = this.#supervisor;
    const { blocked } = this.#spec;
    const pids = this.#connector.pids;
    const refuse = (): Promise<void> | undefined =>
      blocked === undefined ? undefined : Promise.reject(new Error(blocked.message));
    return {
      get supervision() {
        const known = supervisor.supervision([...pids]);
        return blocked === undefined ? known : { ...known, reason: blocked.message };
      },
      start: () => refuse() ?? supervisor.start(),
      stop: (reason) => (blocked === undefined ? supervisor.stop(reason) : Promise.resolve()),
      restart: (reason) => refuse() ?? supervisor.restart(reason),
      logs: () => this.#lines.all(),
    };
  }

  #follow(): void {
    this.#main?.follow(this.#followed.resources, this.#followed.tasks);
  }

  #emit(event: UpstreamEvent): void {
    for (const watcher of [...this.#watchers]) watcher(event);
  }
}

/** What is reached over the network is no process that may be broken: it is tried for as long as it takes. */
function restartOf({ kind, restart }: UpstreamSpec): typeof DEFAULT_RESTART {
  const policy = { ...DEFAULT_RESTART, ...restart };
  return kind === 'stdio' ? policy : { ...policy, max: Number.POSITIVE_INFINITY };
}
