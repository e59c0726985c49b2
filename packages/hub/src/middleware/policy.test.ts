import { MODERN_VERSION, Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import { NEVER } from '../core/cancel.ts';
import type { Exchange, Outcome } from '../core/exchange.ts';
import type { LogEvent } from '../core/log.ts';
import { createPolicy, type Policy, type PolicyRoute } from './policy.ts';
import type { PolicyRules } from './policy-decision.ts';

const exchange = (method: string, params: object, principal = 'local'): Exchange => ({
  method,
  params: Payload.ofValue(params),
  envelope: {
    protocolVersion: MODERN_VERSION,
    clientInfo: undefined,
    clientCapabilities: Payload.ofValue({}),
    logLevel: undefined,
    progressToken: undefined,
    asks: 'deferred',
  },
  principal: { id: principal },
  route: '/mcp',
  session: undefined,
  signal: NEVER,
  emit() {},
});
const plain: PolicyRoute = { names: (name) => [name], knows: () => true, settled: () => undefined };
const deny: PolicyRules = {
  enabled: true,
  dryRun: false,
  defaultEffect: 'allow',
  rules: [{ id: 'writing', effect: 'deny', tool: 'fs_write*', principal: '*' }],
};

function rig(rules: Partial<PolicyRules> = {}, route: PolicyRoute = plain) {
  const logged: LogEvent[] = [];
  const policy: Policy = createPolicy({
    rules: { ...deny, ...rules },
    log: (event) => logged.push(event),
    newId: () => 'decision-1',
  });
  const passed: string[] = [];
  const page = Payload.ofValue({
    tools: [{ name: 'fs_read' }, { name: 'fs_write_file' }, { name: 'git_log' }],
    ttlMs: 5000,
    cacheScope: 'public',
  });
  const send = (x: Exchange): Promise<Outcome> => {
    const middleware = policy.forRoute(route);
    const next = (y: Exchange): Promise<Outcome> => {
      passed.push(y.method);
      const result = y.method === 'tools/list' ? page : Payload.ofValue({ content: [] });
      return Promise.resolve({ kind: 'complete', result });
    };
    return middleware === undefined ? next(x) : middleware(x, next);
  };
  return { policy, logged, passed, page, send };
}
const namesIn = (outcome: Outcome): string[] => {
  if (outcome.kind !== 'complete') throw new Error(outcome.kind);
  return (outcome.result.value() as { tools: { name: string }[] }).tools.map(({ name }) => name);
};

describe('the policy', () => {
  it('ends the call of a denied tool with the id of the decision, which the log has too', async () => {
    const { send, logged, passed } = rig();
    const outcome = await send(exchange('tools/call', { name: 'fs_write_file' }));
    expect(passed).toEqual([]);
    if (outcome.kind !== 'error') throw new Error(outcome.kind);
    expect(outcome.error.value()).toMatchObject({
      code: -31005,
      data: { kind: 'policy_denied', decisionId: 'decision-1', rule: 'writing' },
    });
    expect(logged).toMatchObject([{ event: 'policy.denied', decisionId: 'decision-1', tool: 'fs_write_file' }]);
  });

  it('leaves a denied tool out of the list of whom it is denied to, and of nobody else', async () => {
    const { send, page } = rig({ rules: [{ id: 'bob', effect: 'deny', tool: 'git_*', principal: 'bob' }] });
    const list = (principal: string): Promise<Outcome> => send(exchange('tools/list', {}, principal));
    expect(namesIn(await list('bob'))).toEqual(['fs_read', 'fs_write_file']);
    const mine = await list('alice');
    expect(mine.kind === 'complete' && mine.result).toBe(page);
    const his = await list('bob');
    expect(his.kind === 'complete' && his.result.value()).toMatchObject({ cacheScope: 'private', ttlMs: 5000 });
  });

  it('can leave nothing of a list', async () => {
    expect(namesIn(await rig({ rules: [], defaultEffect: 'deny' }).send(exchange('tools/list', {})))).toEqual([]);
  });

  it('lets everything pass in a dry run, and logs what it would have denied', async () => {
    const { send, logged, passed, policy } = rig({ dryRun: true });
    await send(exchange('tools/call', { name: 'fs_write_file' }));
    expect(passed).toEqual(['tools/call']);
    expect(namesIn(await send(exchange('tools/list', {})))).toHaveLength(3);
    expect(logged).toMatchObject([{ event: 'policy.would_deny', level: 'info' }]);
    expect(policy.stats()).toMatchObject({ allowed: 0, denied: 0, wouldDeny: 1, byRule: { writing: 1 } });
  });

  it('holds its rules against every name of a tool', async () => {
    const alias: PolicyRoute = { ...plain, names: (name) => [`fs_${name}`, name] };
    const { send, passed } = rig({}, alias);
    expect((await send(exchange('tools/call', { name: 'write_file' }))).kind).toBe('error');
    expect(passed).toEqual([]);
  });

  it('waits for the names of a route before it judges one that is not known yet', async () => {
    let known = false;
    let settle = (): void => {};
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const late: PolicyRoute = {
      names: (name) => (known ? [`fs_${name}`] : [name]),
      knows: () => known,
      settled: () => settled,
    };
    const { send, passed } = rig({}, late);
    const outcome = send(exchange('tools/call', { name: 'write_file' }));
    known = true;
    settle();
    expect((await outcome).kind).toBe('error');
    expect(passed).toEqual([]);
  });

  it('counts what it decided by rule', async () => {
    const { send, policy } = rig();
    for (const name of ['fs_write_a', 'git_log', 'fs_write_b']) await send(exchange('tools/call', { name }));
    expect(policy.stats()).toEqual({ allowed: 1, denied: 2, wouldDeny: 0, byRule: { writing: 2, default: 1 } });
  });

  it('stands in nobody’s way while it allows everything', () => {
    expect(rig({ enabled: false }).policy.forRoute(plain)).toBeUndefined();
    expect(rig({ rules: [] }).policy.forRoute(plain)).toBeUndefined();
  });
});
