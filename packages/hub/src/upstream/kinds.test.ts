import { describe, expect, it } from 'vitest';
import { NEVER } from '../core/cancel.ts';
import type { LogEvent } from '../core/log.ts';
import { KINDS, openersOf } from './kinds.ts';
import type { LinkEvents } from './link.ts';
import { DEFAULT_LIMITS, type UpstreamKind, type UpstreamSpec } from './spec.ts';

const EVENTS: LinkEvents = { message: () => {}, failed: () => {}, closed: () => {} };

function openers(spec: UpstreamSpec): ReturnType<typeof openersOf> & { logged: LogEvent[] } {
  const logged: LogEvent[] = [];
  return { ...openersOf(spec, { log: (event) => logged.push(event), limits: DEFAULT_LIMITS }), logged };
}

describe('the table of kinds', () => {
  it.each(Object.keys(KINDS) as UpstreamKind[])(
    'refuses to open a link of kind %s that says nothing of where',
    async (kind) => {
      await expect(openers({ id: 'x', kind }).open(EVENTS, NEVER)).rejects.toThrow();
    },
  );

  it('knows HTTP+SSE as what comes after Streamable HTTP alone', () => {
    const withSse = Object.entries(KINDS).flatMap(([kind, { sse }]) => (sse === undefined ? [] : [kind]));
    expect(withSse).toEqual(['http']);
    expect(openers({ id: 'x', kind: 'http', url: 'http://x.test/' }).sse).toBeDefined();
    expect(openers({ id: 'x', kind: 'ws', url: 'ws://x.test/' }).sse).toBeUndefined();
  });

  it('opens a program, logs its banner and its stderr, and ends it', async () => {
    const script = 'console.log("hello"); console.error("trouble"); setInterval(() => {}, 1000)';
    const { open, logged } = openers({ id: 'x', kind: 'stdio', command: process.execPath, args: ['-e', script] });
    const link = await open(EVENTS, NEVER);
    try {
      await expect
        .poll(() => logged.map(({ event }) => event).sort())
        .toEqual(['upstream.stderr', 'upstream_protocol']);
    } finally {
      await link.close('done');
    }
  });

  it('opens a server in the same process', async () => {
    const handler = { fetch: () => new Response('{}') };
    const link = await openers({ id: 'x', kind: 'in-process', handler }).open(EVENTS, NEVER);
    expect(link.attributed).toBe(true);
    await link.close('done');
  });
});
