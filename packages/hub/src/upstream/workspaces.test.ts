import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogEvent } from '../core/log.ts';
import { identityOf, ownIdentity } from '../storage/process-identity.ts';
import { createWorkspaces } from './workspaces.ts';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'hatago-workspaces-test-')), 'workspaces');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

describe('workspaces', () => {
  it('are new and empty each time, for their user alone, and gone with what is in them', async () => {
    const workspaces = createWorkspaces(folder, () => {});
    const all = Array.from({ length: 20 }, () => workspaces.make('../../etc/\u0000x'));
    expect(new Set(all.map(({ path }) => path)).size).toBe(20);
    expect(readdirSync(folder)).toHaveLength(20);
    if (process.platform !== 'win32') expect(statSync(all[0]?.path as string).mode & 0o777).toBe(0o700);
    mkdirSync(join(all[0]?.path as string, 'deep', 'er'), { recursive: true });
    writeFileSync(join(all[0]?.path as string, 'deep', 'er', 'file'), 'x');
    await all[0]?.remove();
    await all[0]?.remove();
    expect(readdirSync(folder)).toHaveLength(19);
    await workspaces.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('of a hub that ended are swept, those of one that runs are not, nor anything else', async () => {
    const ended = spawn(process.execPath, ['-e', '']);
    const gone = identityOf(ended.pid as number);
    await new Promise((resolve) => ended.once('exit', resolve));
    const mine = ownIdentity();
    const names = {
      dead: `one-${gone?.pid}.${gone?.start ?? ''}-AbC123`,
      // Its number was given away again.
      reused: `two-${mine.pid}.1-AbC123`,
      alive: `three-${mine.pid}.${mine.start ?? ''}-AbC123`,
      other: 'notes',
    };
    for (const name of Object.values(names)) mkdirSync(join(folder, name), { recursive: true });
    const workspaces = createWorkspaces(folder, () => {});
    const made = workspaces.make('four');
    await workspaces.sweep();
    const left = readdirSync(folder).sort();
    expect(left).toEqual([names.alive, names.other, basename(made.path)].sort());
    await workspaces.close();
    expect(existsSync(join(folder, names.alive))).toBe(true);
  });

  it('are made in a folder of their user where the hub has no home', async () => {
    const workspaces = createWorkspaces(undefined, () => {});
    const made = workspaces.make('one');
    expect(made.path.startsWith(tmpdir())).toBe(true);
    await workspaces.sweep();
    expect(existsSync(made.path)).toBe(true);
    await made.remove();
    expect(existsSync(made.path)).toBe(false);
  });

  it('that cannot be removed are named in the log', async () => {
    const logged: LogEvent[] = [];
    const workspaces = createWorkspaces(folder, (event) => logged.push(event));
    const made = workspaces.make('one');
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'a file where the folder was');
    await made.remove();
    expect(logged.map(({ event }) => event)).toEqual(['workspace.left']);
  });
});
