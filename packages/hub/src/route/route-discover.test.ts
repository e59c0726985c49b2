import { describe, expect, it } from 'vitest';
import { scriptedRoute } from './scripted-route.ts';
import { exchangeOf, jsonOf } from './scripted-upstream.ts';

describe('server/discover', () => {
  it('joins what the servers can do', async () => {
    const route = scriptedRoute([
      { id: 'a', capabilities: { tools: {}, logging: {}, extensions: { x: { mimeTypes: ['a'] } } } },
      {
        id: 'b',
        capabilities: {
          prompts: { listChanged: false },
          resources: { subscribe: false },
          extensions: { x: { mimeTypes: ['a', 'b'] }, y: {} },
        },
      },
    ]);
    await route.settled;
    expect(jsonOf(await route.handler(exchangeOf('server/discover')))).toEqual({
      supportedVersions: ['2026-07-28'],
      capabilities: {
        tools: { listChanged: true },
        logging: {},
        prompts: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        extensions: { x: { mimeTypes: ['a', 'b'] }, y: {} },
      },
      ttlMs: 0,
      cacheScope: 'private',
    });
  });

  it('says at once what may be there while servers start, and keeps what it knew of those that fail', async () => {
    const route = scriptedRoute([{ id: 'a', state: 'starting', capabilities: { prompts: {} } }], {
      prefix: false,
      limits: { settleMs: 60_000 },
    });
    const capabilities = async (): Promise<string[]> =>
      Object.keys(jsonOf(await route.handler(exchangeOf('server/discover'))).capabilities as object);
    expect(await capabilities()).toEqual(['tools', 'prompts', 'resources', 'completions']);
    route.up.a.setState('ready');
    expect(await capabilities()).toEqual(['prompts']);
    route.up.a.setState('failed');
    expect(await capabilities()).toEqual(['prompts']);
    route.close();
  });

  it('joins the instructions under headings and cuts those that are too long', async () => {
    const route = scriptedRoute(
      [{ id: 'a', instructions: 'Use x.' }, { id: 'b' }, { id: 'c', instructions: 'é'.repeat(50) }],
      { limits: { maxInstructions: 10 } },
      { a: { instructions: 'Ask.' } },
    );
    const { instructions } = jsonOf(await route.handler(exchangeOf('server/discover')));
    expect(instructions).toBe(
      `## a\n\nThe names of this server begin with \`a_\` here.\n\nAsk.\n\nUse…\n\n## c\n\nThe names of this server begin with \`c_\` here.\n\n${'é'.repeat(9)}…`,
    );
    const none = scriptedRoute([{ id: 'a', instructions: 'Use x.' }], { naming: { strategy: 'none' } });
    expect(jsonOf(await none.handler(exchangeOf('server/discover'))).instructions).toBe('## a\n\nUse x.');
    const single = scriptedRoute([{ id: 'a', instructions: 'y'.repeat(5000) }], { prefix: false });
    expect(jsonOf(await single.handler(exchangeOf('server/discover'))).instructions).toBe('y'.repeat(5000));
  });

  it('carries the identity of the hub for legacy edges and is the same payload until something changes', async () => {
    const route = scriptedRoute([{ id: 'a', tools: [] }]);
    await route.settled;
    const first = await route.handler(exchangeOf('server/discover', {}, { legacy: true }));
    expect(jsonOf(first)._meta).toEqual({ 'io.modelcontextprotocol/serverInfo': { name: 'hatago', version: '0' } });
    const again = await route.handler(exchangeOf('server/discover', {}, { legacy: true }));
    expect('result' in first && 'result' in again && first.result === again.result).toBe(true);
  });
});
