import { EMPTY_OBJECT, MODERN_VERSION, Payload, TASKS_EXTENSION } from '@hatago/protocol';
import { createCanceller } from '../core/cancel.ts';
import { failure } from '../core/errors.ts';
import { type Exchange, LOCAL, type Notification, type Outcome } from '../core/exchange.ts';
import type { Offers, Upstream, UpstreamCall, UpstreamEvent, UpstreamStatus } from '../core/upstream.ts';

/** What a scripted server is and has; lists are given as plain values. */
export interface Script {
  readonly id: string;
  readonly era?: 'legacy' | 'modern';
  readonly type?: string;
  readonly capabilities?: Record<string, unknown>;
  readonly instructions?: string;
  readonly tools?: readonly object[];
  readonly prompts?: readonly object[];
  readonly resources?: readonly object[];
  readonly templates?: readonly object[];
  /** Further members of every list result. */
  readonly listExtras?: Record<string, unknown>;
  readonly state?: UpstreamStatus['state'];
  /** Answers a request that is not for a list; undefined = an empty result. */
  readonly handle?: (call: UpstreamCall) => Outcome | Promise<Outcome> | undefined;
}

/** An upstream in memory that does what its script says, for tests. */
export interface ScriptedUpstream extends Upstream {
  /** The requests it got, those for lists apart. */
  readonly calls: UpstreamCall[];
  readonly listCalls: UpstreamCall[];
  /** What is subscribed now, as `kind uri`. */
  readonly subscribed: string[];
  script: Script;
  setState(state: UpstreamStatus['state'], error?: string): void;
  emit(event: UpstreamEvent): void;
  /** Ends the first attempt to connect. */
  settle(): void;
}

const LIST_MEMBERS: Readonly<
  Record<string, readonly [member: string, from: 'tools' | 'prompts' | 'resources' | 'templates']>
> = {
  'tools/list': ['tools', 'tools'],
  'prompts/list': ['prompts', 'prompts'],
  'resources/list': ['resources', 'resources'],
  'resources/templates/list': ['resourceTemplates', 'templates'],
};

/** Makes a server out of its script; it is ready and settled unless the script gives another state. */
export function createScriptedUpstream(first: Script): ScriptedUpstream {
  const watchers = new Set<(event: UpstreamEvent) => void>();
  let state = first.state ?? 'ready';
  let error: string | undefined;
  let seen = state === 'ready';
  let settle = (): void => {};
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  if (state !== 'starting') settle();
  const upstream: ScriptedUpstream = {
    id: first.id,
    about: { type: first.type ?? 'stdio', command: 'server' },
    script: first,
    calls: [],
    listCalls: [],
    subscribed: [],
    settled,
    settle,
    get status() {
      return { state, error, offers: seen ? offersOf(upstream.script) : undefined };
    },
    async request(call) {
      if (state === 'failed') return failure('HATAGO_UPSTREAM_UNAVAILABLE', { server: first.id });
      if (state === 'stopped') upstream.setState('ready');
      const list = LIST_MEMBERS[call.method];
      if (list === undefined) {
        upstream.calls.push(call);
        return (await upstream.script.handle?.(call)) ?? complete({});
      }
      upstream.listCalls.push(call);
      const [member, from] = list;
      const scripted = await upstream.script.handle?.(call);
      return scripted ?? complete({ [member]: upstream.script[from] ?? [], ...upstream.script.listExtras });
    },
    watch(on) {
      watchers.add(on);
      return () => watchers.delete(on);
    },
    subscribe(kind, uri) {
      const entry = `${kind} ${uri}`;
      upstream.subscribed.push(entry);
      return () => upstream.subscribed.splice(upstream.subscribed.indexOf(entry), 1);
    },
    setState(next, why) {
      state = next;
      error = why;
      seen ||= next === 'ready';
      upstream.emit({ type: 'state' });
    },
    emit(event) {
      for (const watcher of [...watchers]) watcher(event);
    },
    close: async () => {},
  };
  return upstream;
}

function offersOf(script: Script): Offers {
  const { tools, prompts, resources, templates } = script;
  const capabilities = script.capabilities ?? {
    ...(tools && { tools: {} }),
    ...(prompts && { prompts: {} }),
    ...((resources ?? templates) && { resources: { subscribe: true } }),
  };
  const { era = 'modern', instructions } = script;
  return { era, protocolVersion: MODERN_VERSION, capabilities, serverInfo: undefined, instructions };
}

/** A complete outcome with the value as its result. */
export function complete(value: object): Outcome {
  return { kind: 'complete', result: Payload.ofBytes(new TextEncoder().encode(JSON.stringify(value))) };
}

/** An error outcome as a server sends it. */
export function upstreamError(code: number, message = 'no', data?: unknown): Outcome {
  return { kind: 'error', error: Payload.ofValue({ code, message, ...(data === undefined ? undefined : { data }) }) };
}

/** What an exchange for tests may differ in. */
export interface ExchangeOptions extends Partial<Omit<Exchange, 'method' | 'params'>> {
  readonly legacy?: boolean;
}

const KNOWS_TASKS = Payload.ofValue({ extensions: { [TASKS_EXTENSION]: {} } });

/** An exchange with a list of what was emitted and the means to cancel it. */
export function exchangeOf(
  method: string,
  params: object = {},
  options: ExchangeOptions = {},
): Exchange & { emitted: Notification[]; cancel(reason: string): void } {
  const { legacy = false, ...rest } = options;
  const emitted: Notification[] = [];
  const signal = createCanceller();
  return {
    method,
    params: Payload.ofBytes(new TextEncoder().encode(JSON.stringify(params))),
    envelope: {
      protocolVersion: legacy ? '2025-06-18' : MODERN_VERSION,
      clientInfo: undefined,
      clientCapabilities: method.startsWith('tasks/') ? KNOWS_TASKS : EMPTY_OBJECT,
      logLevel: undefined,
      progressToken: undefined,
      asks: legacy ? 'attached' : 'deferred',
    },
    principal: LOCAL,
    route: '/mcp',
    session: undefined,
    signal,
    emit: (notification) => void emitted.push(notification),
    emitted,
    cancel: (reason) => signal.cancel(reason),
    ...rest,
  };
}

/** The result of an outcome as a value; its error where it is one. */
export function jsonOf(outcome: Outcome): Record<string, unknown> {
  const payload = outcome.kind === 'error' ? outcome.error : outcome.result;
  return JSON.parse(new TextDecoder().decode(payload.bytes())) as Record<string, unknown>;
}
