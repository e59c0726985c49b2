import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createStreamKeeper } from '../edge/event-stream.ts';
import { createKit } from '../edge/test-kit.ts';
import { answers, type LocalSocket, serveSocket } from './socket.ts';
import { chooseSocketPath } from './socket-path.ts';
import { ask } from './test-hub.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function newHome(more = ''): string {
  const folder = mkdtempSync(join(tmpdir(), 'hatago-socket-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, more);
}

async function open(home: string): Promise<LocalSocket> {
  const keeper = createStreamKeeper(createKit().deps);
  const socket = await serveSocket({
    home,
    keeper,
    handle: (request, reply) =>
      reply.send(200, ['Content-Type', 'application/json'], [JSON.stringify({ path: request.path })]),
  });
  closers.push(() => socket.close());
  return socket;
}

describe('the local socket of a hub', () => {
  it('answers, and goes with its hub', async () => {
    const home = newHome();
    const socket = await open(home);
    expect(socket.path).toBe(join(home, 'run', 'hub.sock'));
    expect((await ask({ at: socket.path, path: '/x' })).body).toEqual({ path: '/x' });
    await socket.close();
    expect(readdirSync(join(home, 'run'))).toEqual([]);
  });

  it('takes the place of one whose hub was killed', async () => {
    const home = newHome();
    const path = join(home, 'run', 'hub.sock');
    mkdirSync(dirname(path), { recursive: true });
    const killed = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    expect(spawnSync(process.execPath, ['-e', killed]).signal).toBe('SIGKILL');
    expect(existsSync(path)).toBe(true);
    expect(await answers(path)).toBe(false);
    const socket = await open(home);
    expect((await ask({ at: socket.path, path: '/x' })).status).toBe(200);
  });

  it('never takes the place of one that answers, and has a name of its own beside it', async () => {
    const home = newHome();
    const first = await open(home);
    const second = await open(home);
    expect(second.path).toBe(join(home, 'run', `hub.${process.pid}.sock`));
    for (const { path } of [first, second]) {
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect((await ask({ at: path, path: '/x' })).status).toBe(200);
    }
    await second.close();
    expect(readdirSync(join(home, 'run'))).toEqual(['hub.sock']);
  });

  it('stands in a short directory of its own where its path would be too long', async () => {
    const home = newHome('long'.repeat(40));
    const socket = await open(home);
    expect(Buffer.byteLength(socket.path)).toBeLessThanOrEqual(100);
    expect(statSync(dirname(socket.path)).mode & 0o777).toBe(0o700);
    expect((await ask({ at: socket.path, path: '/x' })).status).toBe(200);
    await socket.close();
    expect(existsSync(dirname(socket.path))).toBe(false);
  });

  it('is a pipe of one name for one directory on Windows', () => {
    const { path } = chooseSocketPath('C:\\work', { platform: 'win32' });
    expect(path).toMatch(/^\\\\\.\\pipe\\hatago-[0-9a-f]{32}$/);
    expect(chooseSocketPath('C:\\work', { platform: 'win32' }).path).toBe(path);
    expect(chooseSocketPath('C:\\other', { platform: 'win32' }).path).not.toBe(path);
    expect(chooseSocketPath('C:\\work', { platform: 'win32', isOwn: true }).path).toBe(`${path}.${process.pid}`);
  });
});
