import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimLock, findHolder, type Lock } from './lock.ts';
import { isSameProcess, processStart } from './process-start.ts';

const KEY = '0123456789abcdef';
let folder: string;
let other: ChildProcess;
let otherStart: string;

beforeEach(async () => {
  folder = join(mkdtempSync(join(tmpdir(), 'hatago-lock-')), 'run');
  other = spawn(process.execPath, ['-e', 'process.stdin.resume(); process.stdout.write("up")'], { stdio: 'pipe' });
  await once(other.stdout as NodeJS.ReadableStream, 'data');
  otherStart = processStart(other.pid as number) as string;
});
afterEach(async () => {
  await end(other);
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function held(): Lock {
  const claim = claimLock(folder, KEY);
  if (claim.kind !== 'held') throw new Error(`not held but ${claim.kind}`);
  return claim.lock;
}

/** What another process would have left. */
function leave(kind: string, content = '{}', start = otherStart): string {
  mkdirSync(folder, { recursive: true });
  const name = `${KEY}.${other.pid}.${start}.${kind}`;
  writeFileSync(join(folder, name), content);
  return name;
}

describe('a lock', () => {
  it('is taken where nobody has it, in a file for its user alone, and leaves nothing when it is given back', () => {
    const lock = held();
    const [name] = readdirSync(folder);
    expect(name).toBe(`${lock.stem}.lock`);
    expect(statSync(join(folder, name as string)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is not taken from a process that runs, which tells where it is reached', () => {
    leave('lock', '{"socket":"/run/x.sock","url":"http://127.0.0.1:1/mcp"}');
    expect(claimLock(folder, KEY)).toEqual({
      kind: 'busy',
      holder: { pid: other.pid, socket: '/run/x.sock', url: 'http://127.0.0.1:1/mcp' },
    });
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it.each(['{}', '', '{"sock'])('is contended while the other has not said where it is reached (%j)', (content) => {
    leave('lock', content);
    expect(claimLock(folder, KEY)).toEqual({ kind: 'contended' });
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('does not mind who has another one, and leaves its files alone', async () => {
    leave('lock', '{"socket":"/run/x.sock"}');
    await end(other);
    const claim = claimLock(folder, 'ffffffffffffffff');
    expect(claim.kind).toBe('held');
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('is taken from a process that has ended, and its files are swept', async () => {
    for (const kind of ['lock', 'sock', 'tmp']) leave(kind);
    await end(other);
    expect(held().stem).toContain(String(process.pid));
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('is taken from a process whose id another process has now', () => {
    const name = leave('lock', '{"socket":"/run/x.sock"}', String(Number(otherStart) + 1000));
    held();
    expect(readdirSync(folder)).not.toContain(name);
  });

  it('sweeps the socket that lies elsewhere, and its directory, but no other file', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'hatago-lock-'));
    const socket = join(elsewhere, leave('lock').replace('.lock', '.sock'));
    const precious = join(folder, 'precious');
    writeFileSync(precious, '');
    writeFileSync(socket, '');
    leave('lock', JSON.stringify({ socket }));
    await end(other);
    expect(findHolder(folder, KEY)).toBeUndefined();
    expect(existsSync(elsewhere)).toBe(false);
    leave('lock', JSON.stringify({ socket: precious }));
    expect(findHolder(folder, KEY)).toBeUndefined();
    expect(readdirSync(folder)).toEqual(['precious']);
  });

  it('tells others where its holder is reached', () => {
    const lock = held();
    lock.publish({ socket: '/run/mine.sock' });
    expect(readdirSync(folder)).toHaveLength(1);
    lock.release();
  });

  it('cannot be taken where nothing can be written', () => {
    writeFileSync(join(folder, '..', 'file'), '');
    expect(claimLock(join(folder, '..', 'file', 'run'), KEY)).toEqual({ kind: 'unwritable' });
  });
});

describe('the start of a process', () => {
  it('stays the same while it runs, and there is none when it has ended', async () => {
    const pid = other.pid as number;
    expect(otherStart).toMatch(/^\d+$/);
    expect(isSameProcess(pid, otherStart)).toBe(true);
    expect(isSameProcess(pid, String(Number(otherStart) + 1000))).toBe(false);
    await end(other);
    expect(processStart(pid)).toBeUndefined();
    expect(isSameProcess(pid, otherStart)).toBe(false);
  });
});
