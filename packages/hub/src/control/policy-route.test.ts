import { describe, expect, it } from 'vitest';
import { DEFAULT_NAMING } from '../route/names.ts';
import { policyRoute } from './policy-route.ts';

type Known = Record<string, { server: string; own: string; public: string }>;

const routeOf = (known: Known, only?: string, settled: Promise<void> = Promise.resolve()) =>
  policyRoute({ router: { resolve: (_, name) => known[name], settled }, naming: DEFAULT_NAMING, only });

describe('the names the policy judges a tool by', () => {
  it('are the one of /mcp and the one that is shown, however it is called', () => {
    const known = {
      fs_read: { server: 'fs', own: 'read', public: 'fs_read' },
      read: { server: 'fs', own: 'read', public: 'fs_read' },
      fs_show: { server: 'fs', own: 'cat', public: 'fs_show' },
    };
    const route = routeOf(known);
    expect(route.names('fs_read')).toEqual(['fs_read']);
    expect(route.names('read')).toEqual(['fs_read']);
    expect(route.names('fs_show')).toEqual(['fs_show', 'fs_cat']);
    expect(route.names('unknown')).toEqual(['unknown']);
  });

  it('are those of /mcp on the route of one server too', () => {
    const route = routeOf({ show: { server: 'fs', own: 'cat', public: 'show' } }, 'fs');
    expect(route.names('show')).toEqual(['fs_show', 'fs_cat', 'show']);
    expect(route.names('not_read_yet')).toEqual(['fs_not_read_yet', 'not_read_yet']);
  });

  it('are the alias too on the route of one server, so that it is no way around a rule', () => {
    const router = { resolve: () => ({ server: 'fs', own: 'cat', public: 'cat' }), settled: Promise.resolve() };
    const naming = { ...DEFAULT_NAMING, aliases: { fs_cat: 'show' } };
    expect(policyRoute({ router, naming, only: 'fs' }).names('cat')).toEqual(['show', 'fs_cat', 'cat']);
    expect(policyRoute({ router, naming, only: undefined }).names('cat')).toContain('show');
  });

  it('are waited for only until the route has settled', async () => {
    let settle = (): void => {};
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const route = routeOf({ fs_read: { server: 'fs', own: 'read', public: 'fs_read' } }, undefined, settled);
    expect(route.knows('fs_read')).toBe(true);
    expect(route.knows('other')).toBe(false);
    expect(route.settled()).toBe(settled);
    settle();
    await settled;
    expect(route.settled()).toBeUndefined();
  });
});
