import { describe, expect, it } from 'vitest';
import { claudeCode } from './claude-code.ts';
import type { ServerEntry } from './client.ts';
import { cursor } from './cursor.ts';
import type { FoundServer } from './find-servers.ts';
import { type PlanOptions, planImport } from './plan-import.ts';

const OPTIONS: PlanOptions = { existing: {}, allowEnv: [], env: {}, ports: [3535], cwd: '/work/app' };

function found(name: string, entry: ServerEntry, more: Partial<FoundServer> = {}): FoundServer {
  return { name, client: claudeCode, file: '/f', project: undefined, shared: false, entry, notes: [], ...more };
}

const plan = (servers: FoundServer[], options: Partial<PlanOptions> = {}) =>
  planImport(servers, { ...OPTIONS, ...options });

describe('what is planned to be taken over', () => {
  it('names the same server of several clients once, under the first name', () => {
    const entry = { command: 'npx', args: ['x'] };
    const servers = plan([found('One', entry), found('two', { ...entry, cwd: '/work/app' }, { client: cursor })]);
    expect(servers.map(({ id, sources }) => [id, sources.length])).toEqual([['one', 2]]);
  });

  it('gives another name to another server that is called the same', () => {
    const servers = plan(
      [
        found('db', { command: 'a' }),
        found('DB', { command: 'b' }),
        found('db', { command: 'c' }),
        found('db', { command: 'd' }, { client: cursor }),
      ],
      { existing: { db: { command: 'z' } } },
    );
    expect(servers.map(({ id }) => id)).toEqual(['db-claude-code', 'db-2', 'db-3', 'db-cursor']);
    expect(servers[0]?.reason).toContain('"db" is another server');
  });

  it.each([
    ['My Server!', 'my-server'],
    ['@scope/pkg', 'scope-pkg'],
    ['日本', 'server'],
    ['Ünïcode', 'unicode'],
    ['x'.repeat(80), 'x'.repeat(32)],
  ])('makes an id of %j', (name, id) => {
    const [server] = plan([found(name, { command: 'a' })]);
    expect(server?.id).toBe(id);
    expect(server?.id).toMatch(/^[a-z0-9][a-z0-9-]{0,31}$/);
  });

  it('keeps long ids within bounds when they collide', () => {
    const name = 'n'.repeat(40);
    const ids = plan([found(name, { command: 'a' }), found(name, { command: 'b' }), found(name, { command: 'c' })]).map(
      ({ id }) => id,
    );
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[a-z0-9][a-z0-9-]{0,31}$/);
  });

  it('knows what is there already, a secret in place of its value included', () => {
    const existing = {
      here: { command: 'a', env: { T_TOKEN: '${secret:X}', B: '1' } },
      web: { url: 'https://w.example.com' },
    };
    const servers = plan(
      [
        found('one', { command: 'a', env: { B: '1', T_TOKEN: 'literal' } }),
        found('w', { type: 'http', url: 'https://w.example.com' }),
      ],
      { existing },
    );
    expect(servers.map(({ id, state, chosen }) => [id, state, chosen])).toEqual([
      ['here', 'present', false],
      ['web', 'present', false],
    ]);
    const other = plan([found('one', { command: 'a', env: { B: '2', T_TOKEN: 'literal' } })], { existing });
    expect(other[0]?.state).toBe('new');
  });

  it('ticks what is switched on here or everywhere', () => {
    const servers = plan([
      found('on', { command: 'a' }),
      found('off', { command: 'b', disabled: true }),
      found('here', { command: 'c' }, { project: '/work/app' }),
      found('there', { command: 'd' }, { project: '/work/other' }),
      found('cloned', { command: 'f' }, { project: '/work/app', shared: true }),
      found('refused', { command: 'e', env: { LD_PRELOAD: 'x' } }),
    ]);
    expect(servers.filter(({ chosen }) => chosen).map(({ id }) => id)).toEqual(['on', 'here']);
    expect(servers.at(-1)).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('--allow-env LD_PRELOAD'),
    });
    const allowed = plan([found('e', { command: 'e', env: { LD_PRELOAD: 'x' } })], { allowEnv: ['LD_PRELOAD'] });
    expect(allowed[0]?.state).toBe('new');
  });

  it('leaves the hub itself out', () => {
    expect(plan([found('hatago', { command: 'hatago', args: ['serve', '--stdio'] })])).toEqual([]);
  });
});
