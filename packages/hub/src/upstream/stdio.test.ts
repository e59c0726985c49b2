import { spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCanceller, NEVER } from '../core/cancel.ts';
import type { Link } from './link.ts';
import { isGroupAlive } from './process-group.ts';
import type { StdioSpec } from './program.ts';
import { openStdio, type StdioDeps } from './stdio.ts';
import { createRecorder, type Recorder, request } from './testing/recorder.ts';

type Opened = Recorder & AsyncDisposable & { link: Link; messages(): unknown[] };

async function open(spec: StdioSpec, deps: Partial<StdioDeps> = {}): Promise<Opened> {
  const recorder = createRecorder();
  const all = { signal: NEVER, note: recorder.note, killAfterMs: 300, ...deps };
  const link = await openStdio(spec, recorder.events, all);
  return {
    ...recorder,
    link,
    messages: () => recorder.all('message').map((one) => one.value),
    [Symbol.asyncDispose]: () => link.close('end of test'),
  };
}

const node = (code: string, more: Partial<StdioSpec> = {}): StdioSpec => ({
  command: process.execPath,
  args: ['-e', code],
  ...more,
});
/** Defines `say`, which sends a notification. */
const SAY = `const say = (value) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', method: 'said', params: value }) + '\\n');`;
const ECHO = `${SAY} require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, params } = JSON.parse(line); process.stdout.write(JSON.stringify({ result: params, jsonrpc: '2.0', id }) + '\\n'); });`;
const said = (value: unknown) => ({ jsonrpc: '2.0', method: 'said', params: value });
describe.skipIf(process.platform === 'win32')('openStdio', () => {
  it('sends messages and reports what comes back', async () => {
    await using it = await open(node(ECHO));
    expect(it.link.attributed).toBe(false);
    for (let id = 0; id < 50; id++) it.link.send(request(id, `{"text":"${id} é 旅籠"}`));
    await it.until('message', 50);
    expect(it.messages()).toEqual(
      Array.from({ length: 50 }, (_, id) => ({ jsonrpc: '2.0', id, result: { text: `${id} é 旅籠` } })),
    );
  });

  it('writes what is sent in one turn at once', async () => {
    const code = `${SAY} process.stdin.once('data', (chunk) => say(chunk.toString().split('\\n').length - 1));`;
    await using it = await open(node(code));
    for (let id = 0; id < 20; id++) it.link.send(request(id));
    await it.until('message');
    expect(it.messages()).toEqual([said(20)]);
  });

  it('gives a child only a minimal environment, what is declared, its folder and its arguments as they are', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hatago-')));
    try {
      const code = `${SAY} say([process.env, process.cwd(), process.argv.slice(1)]);`;
      const args = ['; id', '$(id)', '`id`', '&&', 'a\nb', '"&calc'];
      const spec = { command: process.execPath, args: ['-e', code, ...args], env: { KEY: 'v' }, cwd: folder };
      await using it = await open(spec, { inherited: { PATH: '/bin', CANARY: 'secret' } });
      await it.until('message');
      expect(it.messages()).toEqual([said([{ PATH: '/bin', KEY: 'v' }, folder, args])]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('skips lines that are no messages and notes the first of them', async () => {
    const code = `${SAY} console.log('\\x1b[32mServer v1\\x1b[0m'); console.log('{"level":"info"}'); console.log('');
      console.log('42'); for (let i = 0; i < 40; i++) console.log('more'); say(1);`;
    await using it = await open(node(code));
    await it.until('message');
    const notes = it.all('note').map((one) => one.note);
    expect(notes).toHaveLength(20);
    expect(notes.slice(0, 3)).toEqual(
      ['Server v1', '{"level":"info"}', '42'].map((line) => ({ type: 'banner', line })),
    );
  });

  it('splits a batch', async () => {
    const code = `console.log('[{"jsonrpc":"2.0","method":"a"},{"jsonrpc":"2.0","method":"b"}]')`;
    await using it = await open(node(code));
    await it.until('message', 2);
    expect(it.messages()).toEqual([
      { jsonrpc: '2.0', method: 'a' },
      { jsonrpc: '2.0', method: 'b' },
    ]);
  });

  it('fails the call whose answer is broken or too long, and only that', async () => {
    const code = `${SAY} const big = 'x'.repeat(5000);
      console.log('{"jsonrpc":"2.0","id":1,"result":{"a":tru}}');
      console.log(JSON.stringify({ result: { big }, jsonrpc: '2.0', id: 2 }));
      console.log('{"jsonrpc":"2.0","id":3,"method":"ask","params":' + big);
      say('fine');`;
    await using it = await open(node(code), { maxMessageBytes: 2000 });
    await it.until('message');
    expect(it.seen.map((s) => (s.type === 'failed' ? [s.id, s.failure.kind] : s.type))).toEqual([
      [1, 'protocol'],
      [2, 'too_large'],
      'note',
      'message',
    ]);
  });

  it('ends a server that writes without end and without a newline', async () => {
    const code = `const flood = () => { while (process.stdout.write('x'.repeat(65536))); process.stdout.once('drain', flood); }; flood();`;
    await using it = await open(node(code), { maxMessageBytes: 100_000 });
    await it.until('closed');
    expect(it.seen).toEqual([{ type: 'closed', failure: expect.objectContaining({ kind: 'protocol' }) }]);
  });

  it('reads what a server wrote before it ended, then reports its end once', async () => {
    const code = `${SAY} require('fs').writeSync(2, 'last words'); for (let i = 0; i < 2000; i++) say(i);
      process.stdout.write('{"jsonrpc":"2.0","id":5,"result":{"half', () => process.exit(3));`;
    await using it = await open(node(code));
    await it.until('closed');
    expect(it.messages()).toHaveLength(2000);
    expect(it.seen.filter((s) => s.type === 'failed' || s.type === 'closed')).toEqual([
      { type: 'closed', failure: { kind: 'lost', message: 'the server exited with code 3' } },
    ]);
    expect(it.link.stderr?.()).toBe('last words');
    it.link.send(request(6));
    await it.until('failed');
    expect(it.all('failed')).toEqual([
      { type: 'failed', id: 6, failure: { kind: 'unsent', message: 'the server is not running' } },
    ]);
  });

  it('reports the end of a server although a grandchild holds its pipes, and ends the grandchild', async () => {
    const script = `sleep 1000 & printf '{"jsonrpc":"2.0","method":"said","params":%s}\\n' $$; sleep 1000`;
    await using it = await open({ command: 'sh', args: ['-c', script] });
    await it.until('message');
    const pgid = (it.messages()[0] as { params: number }).params;
    process.kill(pgid, 'SIGKILL');
    await it.until('closed');
    expect(it.seen.at(-1)).toMatchObject({ failure: { kind: 'lost', message: 'the server was ended by SIGKILL' } });
    await it.link.close('end');
    expect(isGroupAlive(pgid)).toBe(false);
  });

  it('closes a server that ignores the end of its input and TERM, with all its children, and stays silent', async () => {
    const script = `trap '' TERM; sh -c "trap '' TERM; while :; do sleep 1; done" &
      printf '{"jsonrpc":"2.0","method":"said","params":%s}\\n' $$; while :; do sleep 1; done`;
    await using it = await open({ command: 'sh', args: ['-c', script] });
    await it.until('message');
    const pgid = (it.messages()[0] as { params: number }).params;
    await it.link.close('test');
    expect(isGroupAlive(pgid)).toBe(false);
    expect(it.seen).toHaveLength(1);
  });

  it('tells what was never sent from what was lost when a server dies', async () => {
    const big = `"${'x'.repeat(1_000_000)}"`;
    await using it = await open(node(`${SAY} say(process.pid); setInterval(() => {}, 1000)`));
    await it.until('message');
    it.link.send(request(1, big));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    it.link.send(request(2, big));
    process.kill((it.messages()[0] as { params: number }).params, 'SIGKILL');
    await it.until('closed');
    expect(it.seen.slice(1)).toEqual([
      { type: 'failed', id: 2, failure: { kind: 'unsent', message: 'the server was ended by SIGKILL' } },
      { type: 'closed', failure: { kind: 'lost', message: 'the server was ended by SIGKILL' } },
    ]);
  });

  it('refuses what would be queued over the limit', async () => {
    await using it = await open(node('setInterval(() => {}, 1000)'), { maxQueuedBytes: 2_000_000 });
    const big = `"${'x'.repeat(900_000)}"`;
    for (let id = 1; id <= 3; id++) it.link.send(request(id, big));
    expect(it.seen).toEqual([]);
    await it.until('failed');
    expect(it.seen).toEqual([{ type: 'failed', id: 3, failure: expect.objectContaining({ kind: 'overloaded' }) }]);
  });

  it('notes what a server writes to stderr, without escapes', async () => {
    await using it = await open(node(`console.error('\\x1b[31mred\\x1b[0m')`));
    await it.until('note');
    expect(it.seen[0]).toEqual({ type: 'note', note: { type: 'stderr', line: 'red' } });
  });

  it.each([
    [{ command: '/no/such/program' }, 'runtime', 'was not found'],
    [{ command: 'sh', cwd: '/no/such/folder' }, 'unsent', 'the working directory /no/such/folder does not exist'],
    [{ command: 'sh', cwd: '/etc/passwd' }, 'unsent', 'the working directory /etc/passwd is no directory'],
    [{ command: '/etc/passwd' }, 'unsent', 'permission denied'],
    [{ command: 'sh', args: ['x'.repeat(4_000_000)] }, 'unsent', 'is too long'],
    [{ command: 'sh', args: ['a\0b'] }, 'unsent', 'the command sh could not be started'],
  ])('says why %.80j cannot be started', async (spec, kind, message) => {
    await expect(open(spec)).rejects.toMatchObject({
      name: 'LinkError',
      failure: { kind, message: expect.stringContaining(message) },
    });
  });

  it('starts nothing when that is not wanted any more', async () => {
    const canceller = createCanceller();
    canceller.cancel('hub is stopping');
    await expect(open(node('1'), { signal: canceller })).rejects.toMatchObject({
      failure: { message: 'hub is stopping' },
    });
  });

  it('records its group with the guard at once and takes it back when it is gone', async () => {
    const calls: string[] = [];
    const guard = {
      add: (pgid: number) => calls.push(`+${isGroupAlive(pgid)}`),
      remove: (pgid: number) => calls.push(`-${isGroupAlive(pgid)}`),
      close: () => {},
    };
    await using it = await open(node(ECHO), { guard });
    await it.link.close('end');
    expect(calls).toEqual(['+true', '-false']);
  });
});

describe.skipIf(process.platform === 'win32')('the tests above', () => {
  it('see a group that is alive as alive', async () => {
    const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    expect(isGroupAlive(child.pid as number)).toBe(true);
    child.kill('SIGKILL');
    await ended;
    expect(isGroupAlive(child.pid as number)).toBe(false);
  });
});
