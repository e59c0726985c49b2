import type { Outcome, Parked } from '../core/exchange.ts';
import {
  buildCall,
  type CallOptions,
  createTestUpstream,
  type Heard,
  LEGACY_SCRIPT,
  type Script,
  seen,
  settle,
  type TestCall,
  type TestUpstream,
} from './scripted.ts';
import type { UpstreamDeps, UpstreamSpec } from './spec.ts';

/** Capabilities of a client that can be asked anything. */
export const ALL: Record<string, unknown> = { roots: {}, sampling: { tools: {} }, elicitation: { form: {}, url: {} } };
/** The params of a form elicitation. */
export const FORM: Record<string, unknown> = {
  message: 'Your name?',
  requestedSchema: { type: 'object', properties: {} },
};
/** An answer to it. */
export const ACCEPT: { action: string; content: unknown } = { action: 'accept', content: { name: 'Ann' } };
/** A tool's result. */
export const TEXT: Record<string, unknown> = { content: [{ type: 'text', text: 'done' }] };

/** Connects to a legacy server in memory. */
export async function connected(
  spec: Partial<UpstreamSpec> = {},
  more: { attributed?: boolean; script?: Script; deps?: Partial<UpstreamDeps> } = {},
): Promise<TestUpstream> {
  const test = createTestUpstream({ ...LEGACY_SCRIPT, ...more.script }, spec, more);
  await test.upstream.settled;
  return test;
}

/** A request of the server, an elicitation unless told otherwise. */
export function ask(id: number | string, method = 'elicitation/create', params: unknown = FORM): unknown {
  return { jsonrpc: '2.0', id, method, params };
}

/** What the caller of a parked call gets and sends back. */
export function asked(outcome: Outcome): {
  keys: string[];
  state: string;
  requests: Record<string, { method: string; params: Record<string, unknown> }>;
  parked: Parked | undefined;
} {
  if (outcome.kind !== 'input_required') throw new Error(JSON.stringify(seen(outcome)));
  const result = outcome.result.value() as { inputRequests: Record<string, never>; requestState: string };
  return {
    keys: Object.keys(result.inputRequests),
    state: result.requestState,
    requests: result.inputRequests,
    parked: outcome.parked,
  };
}

/** The retry of a call with the state it was given and answers. */
export function retry(state: string, inputResponses: unknown, more: CallOptions = {}): TestCall {
  const params = { name: 'echo', inputResponses, requestState: 'sealed' };
  return buildCall({ params, capabilities: ALL, resume: { state }, ...more });
}

/** Starts a call and has the server ask something in its course. */
export async function park(
  test: TestUpstream,
  more: CallOptions = {},
): Promise<{ outcome: Outcome; heard: Heard; call: TestCall }> {
  const call = buildCall({ capabilities: ALL, ...more });
  const running = test.upstream.request(call);
  await settle();
  const heard = test.server.last('tools/call');
  test.server.say(ask('q1'), undefined, heard.link);
  await test.clock.advance(25);
  return { outcome: await running, heard, call };
}
