import { failure } from '../core/errors.ts';
import type { Outcome } from '../core/exchange.ts';
import type { Supervised } from '../core/supervised.ts';
import type { Upstream, UpstreamCall, UpstreamEvent, UpstreamStatus } from '../core/upstream.ts';

/** A server that must not run beside the one it replaces. */
export interface Solo extends Upstream {
  /** It runs, or may. */
  readonly begun: boolean;
  /** What it replaces is gone: it is started now. */
  begin(): void;
  /** Takes no more calls, waits for those under way, at most so long, and ends; what comes is sent to the next. */
  yieldTo(next: Upstream, timeoutMs: number): Promise<void>;
}

const STARTING: UpstreamStatus = { state: 'starting', error: undefined, offers: undefined };

/** Options of {@link createSolo}. */
export interface SoloOptions {
  readonly id: string;
  readonly about: Upstream['about'];
  /** It is made with `begin`, for another one has to end first. */
  readonly waits: boolean;
  make(): Upstream;
}

/** Makes a server that gives way to its successor; what is asked of it before it begins waits. */
export function createSolo({ id, about, waits, make }: SoloOptions): Solo {
  const watchers = new Set<(event: UpstreamEvent) => void>();
  const subscriptions = new Set<{ kind: 'resource' | 'task'; uri: string; stop: (() => void) | undefined }>();
  let inner: Upstream | undefined;
  let successor: Upstream | undefined;
  let closed: Promise<void> | undefined;
  let running = 0;
  let idle = (): void => {};
  let began = (): void => {};
  const beginning = new Promise<void>((resolve) => {
    began = resolve;
  });

  const begin = (): void => {
    if (inner !== undefined || closed !== undefined) return;
    inner = make();
    inner.watch((event) => {
      for (const watcher of [...watchers]) watcher(event);
    });
    for (const one of subscriptions) one.stop = inner.subscribe(one.kind, one.uri);
    for (const watcher of [...watchers]) watcher({ type: 'state' });
    began();
  };
  const leave = (outcome: Outcome): Outcome => {
    if (outcome.kind === 'input_required' && outcome.parked !== undefined) void outcome.parked.ended.then(left, left);
    else left();
    return outcome;
  };
  const left = (): void => {
    if (--running === 0) idle();
  };
  const request = async (call: UpstreamCall): Promise<Outcome> => {
    if (successor !== undefined) return successor.request(call);
    if (inner === undefined) await beginning;
    const upstream = successor ?? inner;
    if (upstream === undefined) return failure('HATAGO_UPSTREAM_UNAVAILABLE', { server: id });
    running++;
    return upstream.request(call).then(leave, (error: unknown) => {
      left();
      throw error;
    });
  };
  const solo: Solo = {
    id,
    about,
    get status() {
      return inner?.status ?? STARTING;
    },
    get supervised(): Supervised | undefined {
      return inner?.supervised;
    },
    get digest() {
      return inner?.digest;
    },
    get lazy() {
      return inner?.lazy;
    },
    get parked() {
      return inner?.parked;
    },
    get begun() {
      return inner !== undefined;
    },
    settled: beginning.then(() => inner?.settled),
    begin,
    request,
    watch(on) {
      watchers.add(on);
      return () => watchers.delete(on);
    },
    subscribe(kind, uri) {
      const one = { kind, uri, stop: inner?.subscribe(kind, uri) };
      subscriptions.add(one);
      return () => {
        if (subscriptions.delete(one)) one.stop?.();
      };
    },
    sessionEnded: (sessionId) => inner?.sessionEnded?.(sessionId),
    async yieldTo(next, timeoutMs) {
      successor = next;
      if (running > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          idle = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      await solo.close('it is replaced');
    },
    close(reason) {
      closed ??= inner?.close(reason) ?? Promise.resolve();
      began();
      return closed;
    },
  };
  if (!waits) begin();
  return solo;
}
