import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeIfDead } from '@hatago/hub/storage/file-lock.ts';
import { isRunning } from '@hatago/hub/storage/process-identity.ts';
import { npxWorkspaces } from '@hatago/hub/upstream/workspaces.ts';
import { findHolder } from '../lock/lock.ts';
import type { Check } from './check.ts';

/** Names that tell whose a file or folder is: process and its start, `0` or nothing where the system does not tell it. */
const NAMES = [
  // The temporary file of an atomic write.
  /\.(\d+)(?:\.(\d+))?\.tmp$/,
  // What the hub of a configuration is found by.
  /^[\da-f]{16}\.(\d+)\.(\d+)\.(?:lock|sock)$/,
];
/** What a hub tells of itself. */
const ANNOUNCED = /^hub(?:\.\d+)?\.json$/;
/** The workspace of a server. */
const WORKSPACE = /-(\d+)\.(\d*)-[A-Za-z0-9]{6}$/;

/** What processes that were killed left behind; what belongs to one that runs is never touched. */
export const checkLeftovers: Check = ({ home }) => {
  const run = join(home, 'run');
  const files = [home, run, join(home, 'generations')].flatMap((folder) => deadIn(folder, NAMES));
  const places = [...new Set([join(home, 'workspaces'), npxWorkspaces()])];
  const workspaces = places.flatMap((place) => deadIn(place, [WORKSPACE]));
  const locks = list(home)
    .filter((name) => name.endsWith('.lock'))
    .map((name) => join(home, name))
    .filter(isStale);
  const stale = list(run)
    .filter((name) => ANNOUNCED.test(name))
    .map((name) => join(run, name))
    .filter(isStale);
  const all = [...files, ...workspaces, ...locks, ...stale];
  if (all.length === 0) return [{ subject: 'leftovers', level: 'ok', message: 'there are none' }];
  return [
    {
      subject: 'leftovers',
      level: 'warning',
      message: `ended processes left ${all.length === 1 ? 'something' : `${all.length} things`} behind: ${all.join(', ')}`,
      fix: 'hatago doctor --fix',
      mend() {
        // Looking for the hub sweeps its folder, with the sockets that lie elsewhere.
        findHolder(run, '');
        for (const path of locks) removeIfDead(path);
        for (const path of [...files, ...stale, ...workspaces]) rmSync(path, { recursive: true, force: true });
        return `removed ${all.join(', ')}`;
      },
    },
  ];
};

function deadIn(folder: string, names: readonly RegExp[]): string[] {
  return list(folder)
    .filter((name) => names.some((pattern) => isDead(pattern.exec(name))))
    .map((name) => join(folder, name));
}

function isDead(match: RegExpExecArray | null): boolean {
  if (match === null) return false;
  const [, pid, start] = match;
  return !isRunning({ pid: Number(pid), start: start === '0' || start === '' ? undefined : start });
}

/** Whether the process that wrote of itself into a file has ended. */
function isStale(path: string): boolean {
  try {
    const { pid, start } = JSON.parse(readFileSync(path, 'utf8')) as { pid?: unknown; start?: string };
    return typeof pid === 'number' && !isRunning({ pid, start });
  } catch {
    return false;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
