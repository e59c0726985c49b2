import { type Canceller, type CancelSignal, createCanceller } from '../core/cancel.ts';
import type { ServerState, Supervision } from '../core/supervised.ts';
import { type Asked, askAgain, askDown, askUp, nothingAsked, STOPPED_MEANWHILE } from './asked.ts';
import { type RestartPolicy, restartDelay } from './restart-policy.ts';
import { assertTransition } from './server-states.ts';

/** What a {@link Supervisor} works with; `T` is what runs: a connection, with its process where there is one. */
export interface SupervisorOptions<T> {
  readonly restart: RestartPolicy;
  /** Starts one. Rejects when that fails or is cancelled; nothing is left running then. */
  open(signal: CancelSignal): Promise<T>;
  /** Ends it; resolves when nothing of it is left. Never rejects. */
  end(instance: T, reason: string): Promise<void>;
  /** Ends what else was started for the server. Never rejects. */
  endOthers(reason: string): Promise<void>;
  /** What went wrong, in words for a person. */
  explain(error: unknown): string;
  /** Once lost it is not started again before it is needed. */
  awaitsUse(): boolean;
  /** It is in another state, or something else of its supervision has changed. */
  changed(): void;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Milliseconds of the epoch. */
  wallNow(): number;
  schedule(ms: number, call: () => void): () => void;
  random(): number;
}

/** One that ran for this long ends a series of failures, in milliseconds. */
export const STABLE_MS = 10_000;

/**
 * Keeps one server: starts it, ends it, and starts it again when it fell. What is asked for by hand is done one after the
 * other; what comes up meanwhile is joined to at most one stop and one start. At no time is there more than one instance.
 */
export class Supervisor<T> {
  readonly #options: SupervisorOptions<T>;
  #state: ServerState = 'STOPPED';
  #since: number;
  #reason: string | undefined;
  #instance: T | undefined;
  #runningSince = 0;
  /** Set while one is being started, or waits for its turn. */
  #attempt: { readonly done: Promise<T | undefined>; readonly signal: Canceller } | undefined;
  /** Set while it is being stopped. */
  #stopping: Promise<void> | undefined;
  /** The end of instances that fell: the next one waits for it. */
  #ending: Promise<void> | undefined;
  /** One that was lost before it was known to be open. */
  #stillborn: { readonly instance: T; readonly message: string } | undefined;
  #asked: Asked | undefined;
  /** Set while what was asked for by hand is being done. */
  #working: Promise<void> | undefined;
  #byHand = false;
  /** Whether those who watch know that it is held. */
  #toldHeld = false;
  #givenUp = false;
  #closed = false;
  /** Starts in a row by itself, none of which lasted. */
  #row = 0;
  #fell = false;
  #restarts = 0;
  #failures = 0;
  #stopRetry: (() => void) | undefined;
  #retryAt: number | undefined;

  constructor(options: SupervisorOptions<T>) {
    this.#options = options;
    this.#since = options.wallNow();
  }

  get state(): ServerState {
    return this.#state;
  }

  /** Why it is in this state. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** What runs; undefined in every state but RUNNING. */
  get instance(): T | undefined {
    return this.#instance;
  }

  /** No use starts it: it was stopped by hand or for good, or fell too often. */
  get held(): boolean {
    return this.#byHand || this.#givenUp || this.#closed;
  }

  /** It fell too often and is not started again by itself. */
  get givenUp(): boolean {
    return this.#givenUp;
  }

  /** When it is started again, in milliseconds of the epoch. */
  get retryAt(): number | undefined {
    return this.#retryAt;
  }

  /** What there is to know, with the processes that the caller knows of. */
  supervision(pids: readonly number[]): Supervision {
    return {
      state: this.#state,
      pids,
      restarts: this.#restarts,
      failures: this.#failures,
      reason: this.#reason,
      since: this.#since,
      retryAt: this.#retryAt,
    };
  }

  /** What runs, started if it may be; undefined when it may not, or does not come up. */
  ensure(): Promise<T | undefined> {
    if (this.#instance !== undefined) return Promise.resolve(this.#instance);
    if (this.held) return Promise.resolve(undefined);
    // It is about to be stopped and started: what comes now waits for the one that comes up then.
    if (this.#asked?.down === true && this.#working !== undefined) return this.#working.then(() => this.ensure());
    const attempt = this.#attempt;
    if (attempt !== undefined) return attempt.signal.cancelled ? attempt.done.then(() => this.ensure()) : attempt.done;
    // After its first failure a server is tried again at its own pace, not at its callers'.
    if (this.#stopRetry !== undefined && this.#row > 1) return Promise.resolve(undefined);
    return this.#begin();
  }

  /** Starts it by hand. @throws Error with the reason when it does not come up */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#asked ??= nothingAsked();
      askUp(this.#asked, { resolve, reject });
      this.#work();
    });
  }

  /** Stops it by hand: it stays stopped until it is started by hand. */
  stop(reason: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#byHand = true;
      this.#asked ??= nothingAsked();
      askDown(this.#asked, reason, { resolve, reject });
      this.#attempt?.signal.cancel(reason);
      this.#work();
    });
  }

  /** Stops and starts it by hand. @throws Error with the reason when it does not come up again */
  restart(reason: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#asked ??= nothingAsked();
      askAgain(this.#asked, reason, { resolve, reject });
      this.#attempt?.signal.cancel(reason);
      this.#work();
    });
  }

  /** Takes note that an instance is gone or useless; it is ended, and started again as the policy says. */
  lost(instance: T, message: string): void {
    if (instance !== this.#instance) {
      this.#stillborn = { instance, message };
      return;
    }
    this.#instance = undefined;
    this.#retire(instance, message);
    if (this.#isStable()) this.#row = 0;
    this.#fall(message, this.#options.awaitsUse());
  }

  /** Stops one that nobody uses; its next use starts it. */
  rest(): void {
    if (this.#state === 'RUNNING' && this.#asked === undefined) void this.#halt(undefined);
  }

  /** Counts failures that have not made it fall yet. */
  missed(failures: number): void {
    if (this.#failures === failures) return;
    this.#failures = failures;
    this.#options.changed();
  }

  /** Ends it for good. */
  async close(reason: string): Promise<void> {
    this.#closed = true;
    await this.#halt(reason);
  }

  /** Does what was asked for by hand, until nothing is left to do. */
  #work(): void {
    if (this.#working === undefined) this.#working = this.#workOff();
  }

  async #workOff(): Promise<void> {
    // Whoever is told of a state may ask for more in the same turn, and must find this at work.
    await undefined;
    for (let asked = this.#take(); asked !== undefined; asked = this.#take()) {
      if (asked.down) {
        await this.#halt(asked.reason);
        for (const waiter of asked.waitForDown) waiter.resolve();
      }
      if (asked.up) await this.#bringUp(asked);
    }
    // In the same turn in which nothing was left: what is asked for from now on begins anew.
    this.#working = undefined;
  }

  #take(): Asked | undefined {
    const asked = this.#asked;
    this.#asked = undefined;
    return asked;
  }

  async #bringUp({ waitForUp }: Asked): Promise<void> {
    const newer: Asked | undefined = this.#asked;
    if (newer?.down === true && newer.up) {
      newer.waitForUp.push(...waitForUp);
      return;
    }
    let why: string | undefined = STOPPED_MEANWHILE;
    if (newer?.down !== true && !this.#closed) {
      this.#byHand = this.#givenUp = this.#fell = false;
      this.#row = this.#restarts = 0;
      this.#failures = this.#instance === undefined ? 0 : this.#failures;
      const cancelled = this.#attempt?.signal.cancelled === true ? this.#attempt.done : undefined;
      await cancelled;
      const instance = this.#instance ?? (await (this.#attempt?.done ?? this.#begin()));
      const next: Asked | undefined = this.#asked;
      if (instance === undefined && next?.up === true) {
        next.waitForUp.push(...waitForUp);
        return;
      }
      const stopped = this.#byHand || this.#closed;
      why = instance !== undefined ? undefined : stopped ? STOPPED_MEANWHILE : (this.#reason ?? STOPPED_MEANWHILE);
    }
    for (const waiter of waitForUp) {
      if (why === undefined) waiter.resolve();
      else waiter.reject(new Error(why));
    }
  }

  #begin(): Promise<T | undefined> {
    const signal = createCanceller();
    this.#dropRetry();
    let settle: (instance: T | undefined) => void = () => {};
    const done = new Promise<T | undefined>((resolve) => {
      settle = resolve;
    });
    const attempt = { signal, done };
    // Known before it runs: whoever is told of its first state may stop it in the same turn.
    this.#attempt = attempt;
    const over = (instance: T | undefined): void => {
      if (this.#attempt === attempt) this.#attempt = undefined;
      settle(instance);
    };
    this.#run(signal).then(over, (error) => {
      over(undefined);
      throw error;
    });
    return done;
  }

  async #run(signal: Canceller): Promise<T | undefined> {
    if (this.#stopping !== undefined) await this.#stopping;
    if (signal.cancelled || this.#closed) return undefined;
    if (this.#fell) this.#restarts++;
    this.#fell = false;
    // While it is started again the reason of its fall is still worth knowing.
    this.#to('STARTING', this.#state === 'CRASHED' ? this.#reason : undefined);
    let instance: T | undefined;
    try {
      // What is left of the last one might hold what the next one needs.
      if (this.#ending !== undefined) await this.#ending;
      if (signal.cancelled) return undefined;
      instance = await this.#options.open(signal);
    } catch (error) {
      // Whoever cancelled it takes care of the state.
      if (!signal.cancelled) this.#fall(this.#options.explain(error), false);
      return undefined;
    }
    const stillborn: { readonly instance: T; readonly message: string } | undefined = this.#stillborn;
    this.#stillborn = undefined;
    if (signal.cancelled || stillborn?.instance === instance) {
      const reason = signal.reason ?? stillborn?.message ?? '';
      this.#retire(instance, reason);
      if (!signal.cancelled) this.#fall(reason, false);
      return undefined;
    }
    this.#instance = instance;
    this.#failures = 0;
    this.#runningSince = this.#options.now();
    this.#to('RUNNING', undefined);
    return instance;
  }

  /** It fell: it is started again after a while, waits for its next use, or is given up. */
  #fall(message: string, awaitsUse: boolean): void {
    const { restart, random, schedule, wallNow } = this.#options;
    this.#fell = true;
    this.#failures++;
    if (this.held) {
      this.#to('CRASHED', message);
      return;
    }
    if (this.#row >= restart.max) {
      this.#givenUp = true;
      const times = restart.max === 1 ? 'once' : `${restart.max} times`;
      this.#to('CRASHED', restart.max === 0 ? message : `${message}, after it was started again ${times}`);
      return;
    }
    if (awaitsUse) {
      this.#row++;
      this.#to('CRASHED', message);
      void this.#halt(undefined);
      return;
    }
    const delay = restartDelay(this.#row++, restart, random());
    this.#retryAt = wallNow() + delay;
    this.#stopRetry = schedule(delay, () => {
      this.#dropRetry();
      void this.ensure();
    });
    this.#to('CRASHED', message);
  }

  /** Brings it to STOPPED from wherever it is. */
  #halt(reason: string | undefined): Promise<void> {
    this.#dropRetry();
    this.#attempt?.signal.cancel(reason ?? 'nobody uses it');
    this.#stopping ??= this.#bringDown(reason).finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  async #bringDown(reason: string | undefined): Promise<void> {
    const attempt = this.#attempt;
    // One that nobody uses, or that fell, leaves alone what sessions have of their own.
    const others = reason === undefined ? undefined : this.#options.endOthers(reason);
    if (this.#state !== 'STOPPED') {
      const instance = this.#instance;
      this.#instance = undefined;
      if (instance !== undefined && this.#isStable()) this.#row = 0;
      if (instance !== undefined) this.#retire(instance, reason ?? 'nobody uses it');
      this.#to('STOPPING', reason);
    } else if (this.held && !this.#toldHeld) {
      // It did not run, but from now on no use starts it.
      this.#toldHeld = true;
      this.#reason = reason;
      this.#options.changed();
    }
    await attempt?.done;
    await others;
    await this.#ending;
    if (this.#state === 'STOPPING') this.#to('STOPPED', reason);
  }

  #retire(instance: T, reason: string): void {
    const ending = Promise.all([this.#ending, this.#options.end(instance, reason)]).then(() => {
      if (this.#ending === ending) this.#ending = undefined;
    });
    this.#ending = ending;
  }

  #isStable(): boolean {
    return this.#options.now() - this.#runningSince >= STABLE_MS;
  }

  #dropRetry(): void {
    this.#stopRetry?.();
    this.#stopRetry = undefined;
    this.#retryAt = undefined;
  }

  #to(state: ServerState, reason: string | undefined): void {
    assertTransition(this.#state, state);
    this.#state = state;
    this.#reason = reason;
    this.#since = this.#options.wallNow();
    this.#toldHeld = this.held;
    this.#options.changed();
  }
}
