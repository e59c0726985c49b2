import { describe, expect, it } from 'vitest';
import type { Config } from './config.ts';
import { describeDiff, isEmptyDiff, planChange } from './plan.ts';
import { parseConfig } from './schema.ts';

const A = { command: 'node', args: ['a.js'] };
const B = { url: 'https://b.example/mcp' };

function config(mcpServers: object, more: object = {}): Config {
  const parsed = parseConfig({ ...more, mcpServers });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

const plan = (before: Config, after: Config): ReturnType<typeof planChange> => planChange(before, after, '/work');

describe('planChange', () => {
  it.each([
    ['args', { args: ['b.js'] }],
    ['env', { env: { T: '1' } }],
    ['cwd', { cwd: 'sub' }],
    ['command', { command: 'deno' }],
    ['isolation', { isolation: 'session' }],
    ['timeouts', { timeouts: { requestMs: 1 } }],
    ['restart', { restart: { max: 1 } }],
    ['start', { start: 'lazy' }],
  ])('starts a server anew whose %s differs', (key, more) => {
    const diff = plan(config({ a: A, b: B }), config({ a: { ...A, ...more }, b: B }));
    expect(diff).toMatchObject({ changed: [{ server: 'a', keys: [key] }], adjusted: [], unchanged: ['b'] });
  });

  it.each([
    ['tools', { tools: { include: ['x*'] } }],
    ['tags', { tags: ['x'] }],
    ['description', { description: 'x' }],
    ['instructions', { instructions: 'x' }],
    ['rollover', { rollover: 'replace' }],
    ['dependsOn', { dependsOn: ['b'] }],
  ])('leaves a server running whose %s differs', (key, more) => {
    const diff = plan(config({ a: A, b: B }), config({ a: { ...A, ...more }, b: B }));
    expect(diff).toMatchObject({ changed: [], adjusted: [{ server: 'a', keys: [key] }], unchanged: ['b'] });
    expect(isEmptyDiff(diff)).toBe(false);
  });

  it('takes a server that is switched off for one that is not there', () => {
    const off = { ...A, disabled: true };
    expect(plan(config({ a: A }), config({ a: off }))).toMatchObject({ removed: ['a'], changed: [], unchanged: [] });
    expect(plan(config({ a: off }), config({ a: A }))).toMatchObject({ added: ['a'] });
    expect(isEmptyDiff(plan(config({ a: off }), config({})))).toBe(true);
  });

  it('names the settings that differ, and starts servers anew that are bound by them', () => {
    const diff = plan(config({ a: A }), config({ a: A }, { limits: { maxInFlightPerUpstream: 5 }, logLevel: 'warn' }));
    expect(diff).toMatchObject({ changed: [{ server: 'a', keys: ['limits'] }], settings: ['logLevel', 'limits'] });
  });

  it('does not care for the order of members, and does for the order of servers', () => {
    const turned = { args: ['a.js'], command: 'node' };
    expect(isEmptyDiff(plan(config({ a: A, b: B }), config({ a: turned, b: B })))).toBe(true);
    const diff = plan(config({ a: A, b: B }), config({ b: B, a: A }));
    expect(diff).toMatchObject({ unchanged: ['b', 'a'], settings: ['mcpServers'] });
    expect(plan(config({ a: A }), config({ b: B, a: A })).settings).toEqual([]);
  });

  it('adds everything where there was nothing', () => {
    expect(planChange(undefined, config({ a: A }), '/work')).toMatchObject({ added: ['a'], settings: [] });
  });
});

describe('describeDiff', () => {
  it('is one line', () => {
    const diff = plan(config({ a: A, b: B }), config({ a: { ...A, tags: ['t'] }, c: B }, { logLevel: 'warn' }));
    expect(describeDiff(diff)).toBe('+c, -b, ~a (tags), logLevel');
    expect(describeDiff(plan(config({}), config({})))).toBe('nothing');
  });
});
