import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { announce } from '../run-file.ts';
import { type ControlClient, connectControl } from './client.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function connect(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ hub: ControlClient; server: Server; home: string }> {
  const home = mkdtempSync(join(tmpdir(), 'hatago-client-'));
  closers.push(() => rmSync(home, { recursive: true, force: true }));
  const socket = join(home, 's');
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  closers.push(announce(home, { pid: process.pid, version: '1', startedAt: '', socket }));
  const hub = connectControl({ home, file: undefined });
  if (hub === undefined) throw new Error('the hub is not found');
  return { hub, server, home };
}

describe('the client of a hub', () => {
  it('sends each method with its body, and gives what is answered', async () => {
    const { hub } = await connect((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => response.end(JSON.stringify({ got: `${request.method} ${request.url} ${body}` })));
    });
    expect(await hub.get('/status')).toEqual({ got: 'GET /api/v1/status ' });
    expect(await hub.post('/reload')).toEqual({ got: 'POST /api/v1/reload {}' });
    expect(await hub.put('/policy', { a: 1 })).toEqual({ got: 'PUT /api/v1/policy {"a":1}' });
    expect(await hub.delete('/servers/x')).toEqual({ got: 'DELETE /api/v1/servers/x ' });
  });

  it.each([
    ['HATAGO_NOT_FOUND', 404, 4],
    ['HATAGO_NEEDS_APPROVAL', 409, 5],
    ['HATAGO_INVALID_PARAMS', 422, 2],
    ['HATAGO_CONFIG_SYNTAX', 422, 2],
    ['HATAGO_CONFIG_NOT_FOUND', 409, 4],
    ['HATAGO_STATE_UNWRITABLE', 507, 1],
    ['HATAGO_UPSTREAM_UNAVAILABLE', 502, 1],
  ])('tells a refusal (%s) in the words of the hub, with an exit code', async (code, status, exit) => {
    const error = { code, message: 'It is so.', next: 'Do this.', correlationId: 'x', details: ['first', 'second'] };
    const { hub } = await connect((_, response) => response.writeHead(status).end(JSON.stringify({ error })));
    const refused = { name: 'CliError', exit, message: 'It is so. Do this.\nfirst\nsecond' };
    await expect(hub.get('/x')).rejects.toMatchObject(refused);
  });

  it('says so when the hub has gone, and when it does not speak JSON', async () => {
    const { hub, server } = await connect((_, response) => response.end('<html>'));
    await expect(hub.get('/x')).rejects.toMatchObject({ message: expect.stringContaining('not JSON') as string });
    await new Promise((resolve) => server.close(resolve));
    await expect(hub.get('/x')).rejects.toMatchObject({ exit: 3 });
  });

  it('gives up on a hub that does not answer, and names its process', async () => {
    const { hub } = await connect(() => {});
    const refused = { exit: 1, message: expect.stringContaining(`process ${process.pid}`) as string };
    await expect(hub.post('/shutdown', {}, 30)).rejects.toMatchObject(refused);
  });

  it('hands over events whole, however they are cut', async () => {
    const { hub } = await connect((_, response) => {
      response.write(': keep-alive\n\nid: 1\nevent: message\ndata: {"seq"');
      setImmediate(() => response.end(':1}\n\nid: 2\ndata: {"seq":2}\n\n'));
    });
    const events: unknown[] = [];
    const feed = await hub.events('/events', (event) => events.push(event));
    await feed.ended;
    expect(events).toEqual([{ seq: 1 }, { seq: 2 }]);
  });

  it('is none where no hub runs', () => {
    expect(connectControl({ home: join(tmpdir(), 'hatago-nowhere'), file: undefined })).toBeUndefined();
  });
});
