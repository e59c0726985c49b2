import { afterEach, describe, expect, it } from 'vitest';
import type { Generation } from '../core/generation.ts';
import type { Upstream } from '../core/upstream.ts';
import { complete, createKit, type HttpKit, type HttpKitOptions, openSession, serveKit } from './test-kit.ts';

/** A generation that answers with its number. */
function generation(id: number, more: { routes?: readonly string[]; upstreams?: readonly Upstream[] } = {}) {
  const { routes = ['/mcp'], upstreams = [] } = more;
  const handler = createKit({ script: () => complete({ content: [{ type: 'text', text: `by ${id}` }] }) })
    .deps.current()
    .match('/mcp')?.handler as NonNullable<ReturnType<Generation['match']>>['handler'];
  const entry = (path: string) => ({ path, upstreams, handler, settled: Promise.resolve() });
  const made = {
    id,
    routes: new Map(),
    upstreams,
    holds: { sessions: 0, waiting: 0 },
    over: false,
    match: (path: string) => (routes.includes(path) ? entry(path) : undefined),
    close: async () => {},
  };
  return made satisfies Generation;
}

const kits: HttpKit[] = [];
afterEach(() => Promise.all(kits.splice(0).map((kit) => kit[Symbol.asyncDispose]())));

async function serve(options: HttpKitOptions): Promise<HttpKit> {
  const kit = await serveKit(options);
  kits.push(kit);
  return kit;
}

type Session = Awaited<ReturnType<typeof openSession>>;
const who = async (session: Session, method = 'tools/call'): Promise<unknown> => {
  const answer = (await (await session.request(1, method, { name: 'x' })).json()) as {
    result?: { content?: { text: string }[] };
    error?: unknown;
  };
  return answer.result?.content?.[0]?.text ?? answer.error ?? answer.result;
};

describe('a legacy session and the generations of its hub', () => {
  it('stays on the one it began on until it lists anew, and is counted where it is', async () => {
    const actions: string[] = [];
    const ended: string[] = [];
    const own = { id: 'own', sessionEnded: (session: string) => void ended.push(session) } as unknown as Upstream;
    const [first, second] = [generation(1, { upstreams: [own] }), generation(2)];
    let active: Generation = first;
    const kit = await serve({ current: () => active, onSession: (_, action) => void actions.push(action) });
    const session = await openSession(`${kit.url}/mcp`);
    expect(first.holds.sessions).toBe(1);
    active = second;
    expect(await who(session)).toBe('by 1');
    await session.request(2, 'tools/list', { cursor: 'on and on' });
    expect(await who(session)).toBe('by 1');
    expect(ended).toEqual([]);
    await (await session.request(3, 'prompts/list')).text();
    expect(await who(session)).toBe('by 2');
    expect([first.holds.sessions, second.holds.sessions]).toEqual([0, 1]);
    expect(ended).toHaveLength(1);
    kit.deps.sessions.close('over');
    expect(second.holds.sessions).toBe(0);
    expect(actions).toEqual(['opened', 'moved', 'closed']);
  });

  it('moves on by itself when that one is over', async () => {
    const [first, second] = [generation(1), generation(2)];
    let active: Generation = first;
    const kit = await serve({ current: () => active });
    const session = await openSession(`${kit.url}/mcp`);
    active = second;
    first.over = true;
    expect(await who(session)).toBe('by 2');
  });

  it('keeps a route that only its own generation has', async () => {
    const [first, second] = [generation(1, { routes: ['/mcp', '/mcp/old'] }), generation(2)];
    let active: Generation = first;
    const kit = await serve({ current: () => active });
    const session = await openSession(`${kit.url}/mcp/old`);
    active = second;
    expect(await who(session)).toBe('by 1');
    first.over = true;
    expect(await who(session)).toMatchObject({ data: { kind: 'no_route' } });
  });

  it('is told to list again when it begins to listen after another became active', async () => {
    const [first, second] = [generation(1), generation(2)];
    let active: Generation = first;
    const kit = await serve({ current: () => active });
    const session = await openSession(`${kit.url}/mcp`);
    active = second;
    const stream = await session.stream();
    const told = [await stream.message(), await stream.message(), await stream.message()];
    expect(told.map((message) => message?.['method'])).toEqual([
      'notifications/tools/list_changed',
      'notifications/prompts/list_changed',
      'notifications/resources/list_changed',
    ]);
    stream.cut();
  });
});
