import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
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
const write = (home: string, value: object, name = 'hub.json'): void => {
  mkdirSync(join(home, 'run'), { recursive: true });
  writeFileSync(join(home, 'run', name), JSON.stringify(value));
};

const find = (home: string, file?: string): RunFile | undefined => findRunningHub({ home, file });

describe('the announcement of a hub', () => {
  it('is found while its process runs, readable by its user alone, and can be taken back', () => {
    const home = newHome();
    expect(find(home)).toBeUndefined();
    const withdraw = announce(home, run);
    expect(find(home)).toMatchObject(run);
    expect(statSync(join(home, 'run/hub.json')).mode & 0o777).toBe(0o600);
    withdraw();
    expect(find(home)).toBeUndefined();
  });

  it('does not count when its process is gone, or is another one of the same id', async () => {
    const home = newHome();
    const child = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => child.once('exit', resolve));
    write(home, { ...run, pid: child.pid });
    expect(find(home)).toBeUndefined();
    write(home, { ...run, start: '1' });
    if (process.platform === 'linux') expect(find(home)).toBeUndefined();
    writeFileSync(join(home, 'run/hub.json'), '{ "pid": ');
    expect(find(home)).toBeUndefined();
  });

  it('is that of the configuration that is meant, however its path is written', () => {
    const home = newHome();
    const [one, two] = ['one', 'two'].map((name) => join(home, `${name}.json`)) as [string, string];
    for (const path of [one, two]) writeFileSync(path, '{}');
    symlinkSync(one, join(home, 'link.json'));
    write(home, { ...run, pid: process.ppid, config: one });
    expect(find(home, join(home, 'link.json'))?.pid).toBe(process.ppid);
    expect(find(home)?.pid).toBe(process.ppid);
    expect(find(home, two)).toBeUndefined();
    const withdraw = announce(home, { ...run, config: two });
    expect([find(home, one)?.pid, find(home, two)?.pid, find(home)?.pid]).toEqual([
      process.ppid,
      process.pid,
      process.ppid,
    ]);
    expect(statSync(join(home, `run/hub.${process.pid}.json`)).mode & 0o777).toBe(0o600);
    withdraw();
    expect(readdirSync(join(home, 'run'))).toEqual(['hub.json']);
    expect(find(home, two)).toBeUndefined();
  });

  it('is that of a hub that runs without a file where none has this one', () => {
    const home = newHome();
    announce(home, run);
    expect(find(home, join(home, 'any.json'))).toMatchObject(run);
  });

  it('sweeps those of hubs that were killed, with their sockets', () => {
    const home = newHome();
    const dead = 4_194_303;
    for (const pid of [dead, process.ppid]) {
      const socket = join(home, `run/hub.${pid}.sock`);
      write(home, { ...run, pid, socket }, `hub.${pid}.json`);
      writeFileSync(socket, '');
    }
    announce(home, run);
    const left = [`hub.${process.ppid}.json`, `hub.${process.ppid}.sock`, 'hub.json'];
    expect(readdirSync(join(home, 'run')).sort()).toEqual(left);
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
