import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { announce, findRunningHub, type RunFile } from './run-file.ts';

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'hatago-run-'));
  closers.push(() => rmSync(home, { recursive: true, force: true }));
  return home;
}
const run: RunFile = {
  pid: process.pid,
  version: '1.2.3',
  startedAt: '2026-01-01T00:00:00.000Z',
  socket: '/x',
  token: 't',
};
const write = (home: string, value: object): void => {
  mkdirSync(join(home, 'run'), { recursive: true });
  writeFileSync(join(home, 'run/hub.json'), JSON.stringify(value));
};

describe('the announcement of a hub', () => {
  it('is found while its process runs, readable by its user alone, and can be taken back', () => {
    const home = newHome();
    expect(findRunningHub(home)).toBeUndefined();
    const withdraw = announce(home, run);
    expect(findRunningHub(home)).toMatchObject(run);
    expect(statSync(join(home, 'run/hub.json')).mode & 0o777).toBe(0o600);
    withdraw();
    expect(findRunningHub(home)).toBeUndefined();
  });

  it('does not count when its process is gone, or is another one of the same id', async () => {
    const home = newHome();
    const child = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => child.once('exit', resolve));
    write(home, { ...run, pid: child.pid });
    expect(findRunningHub(home)).toBeUndefined();
    write(home, { ...run, start: '1' });
    if (process.platform === 'linux') expect(findRunningHub(home)).toBeUndefined();
    writeFileSync(join(home, 'run/hub.json'), '{ "pid": ');
    expect(findRunningHub(home)).toBeUndefined();
  });

  it('is not taken back by the hub before', () => {
    const home = newHome();
    const withdraw = announce(home, run);
    write(home, { ...run, pid: process.ppid });
    withdraw();
    expect(JSON.parse(readFileSync(join(home, 'run/hub.json'), 'utf8'))).toMatchObject({ pid: process.ppid });
  });

  it('sweeps the directory of the socket a dead hub had elsewhere, and nothing else', () => {
    const home = newHome();
    const elsewhere = mkdtempSync(join(tmpdir(), 'hatago-'));
    const other = mkdtempSync(join(tmpdir(), 'other-'));
    closers.push(() => rmSync(other, { recursive: true, force: true }));
    for (const folder of [other, elsewhere]) {
      writeFileSync(join(folder, 'hub.sock'), '');
      write(home, { ...run, start: '1', socket: join(folder, 'hub.sock') });
      announce(home, run)();
    }
    expect(existsSync(elsewhere)).toBe(false);
    expect(existsSync(other)).toBe(true);
    expect(dirname(elsewhere)).toBe(tmpdir());
  });
});
