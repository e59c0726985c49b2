import { Payload } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import { acceptsStream } from './accept.ts';
import { complete, modernHeaders, modernRequest, post, serveKit } from './test-kit.ts';

describe('an Accept header', () => {
  it.each([
    [undefined, true],
    ['application/json, text/event-stream', true],
    ['Text/Event-Stream', true],
    ['text/*', true],
    ['*/*;q=0.1', true],
    ['application/json', false],
    ['application/*', false],
    ['', false],
  ])('%j allows a stream: %s', (accept, allowed) => {
    expect(acceptsStream(accept)).toBe(allowed);
  });
});

describe('a modern client that takes JSON alone', () => {
  it('gets its answer as JSON, whatever comes before it', async () => {
    await using kit = await serveKit({
      script(exchange) {
        exchange.emit({ method: 'notifications/progress', params: Payload.ofValue({ progressToken: 1, progress: 1 }) });
        return complete({ content: [] });
      },
    });
    const headers = { ...modernHeaders('tools/call', 'a'), accept: 'application/json' };
    const answer = await post(`${kit.url}/mcp`, modernRequest(5, 'tools/call', { name: 'a' }), headers);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(await answer.json()).toMatchObject({ id: 5, result: { content: [] } });
  });

  it('cannot listen', async () => {
    await using kit = await serveKit();
    const headers = { ...modernHeaders('subscriptions/listen'), accept: 'application/json' };
    const answer = await post(`${kit.url}/mcp`, modernRequest('l1', 'subscriptions/listen'), headers);
    expect([answer.status, (await answer.json()).id]).toEqual([406, 'l1']);
    expect(kit.listens).toEqual([]);
  });
});
