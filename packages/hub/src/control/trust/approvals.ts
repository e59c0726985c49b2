import { readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { err, isRecord, ok, type Result } from '@hatago/protocol';
import { sweepTemporaries, writeAtomically } from '../../storage/atomic-write.ts';
import { removeIfDead, withFileLock } from '../../storage/file-lock.ts';
import type { Launch } from './launch.ts';

/** What a person agreed to for one server of one file. */
export interface Approval {
  readonly hash: string;
  /** As it was shown, to tell what changed. */
  readonly launch: Launch;
  /** RFC 3339. */
  readonly approvedAt: string;
}

/** Approvals by configuration file and server id. */
export type Approvals = ReadonlyMap<string, ReadonlyMap<string, Approval>>;

/** The file of a user's approvals: in their own home, never in a project. */
export function approvalsFile(): string {
  return join(homedir(), '.hatago', 'approvals.json');
}

/** A configuration file by the one path it has whatever links lead to it. */
export function approvalKey(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return resolve(file);
  }
}

/** Reads a file of approvals; one that is not there holds none. */
export function readApprovals(path: string = approvalsFile()): Result<Approvals, string> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT'
      ? ok(new Map())
      : err(`${path} cannot be read (${code ?? 'unreadable'}); see its permissions`);
  }
  const files = parseFiles(text);
  if (files === undefined) {
    return err(`${path} is not a file of approvals. Nothing was changed; move it away and approve again.`);
  }
  return ok(files);
}

/** One change of the approvals of a file: null takes one back. */
export type ApprovalChanges = ReadonlyMap<string, Approval | null>;

/** Changes approvals by configuration file, one process at a time; resolves when they are on the disk. */
export async function changeApprovals(
  changes: ReadonlyMap<string, ApprovalChanges>,
  path: string = approvalsFile(),
): Promise<Result<void, string>> {
  try {
    return await withFileLock(`${path}.lock`, () => {
      sweepTemporaries(path);
      const before = readApprovals(path);
      if (!before.ok) return before;
      const after = new Map([...before.value].map(([file, servers]) => [file, new Map(servers)]));
      for (const [file, servers] of changes) {
        const known = after.get(file) ?? new Map<string, Approval>();
        for (const [id, approval] of servers) {
          if (approval === null) known.delete(id);
          else known.set(id, approval);
        }
        if (known.size === 0) after.delete(file);
        else after.set(file, known);
      }
      writeAtomically(path, format(after));
      return ok(undefined);
    });
  } catch (error) {
    return err(`${path} cannot be written: ${(error as Error).message}`);
  }
}

/** Removes what writes of approvals by processes that were killed left behind. */
export function sweepApprovals(path: string = approvalsFile()): void {
  sweepTemporaries(path);
  removeIfDead(`${path}.lock`);
}

function format(approvals: Approvals): string {
  const files = Object.fromEntries([...approvals].map(([file, servers]) => [file, Object.fromEntries(servers)]));
  return `${JSON.stringify({ version: 1, files }, null, 2)}\n`;
}

function parseFiles(text: string): Approvals | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value['version'] !== 1 || !isRecord(value['files'])) return undefined;
  const files = new Map<string, Map<string, Approval>>();
  for (const [file, servers] of Object.entries(value['files'])) {
    if (!isRecord(servers)) return undefined;
    const approvals = Object.entries(servers);
    if (!approvals.every((entry): entry is [string, Approval] => isApproval(entry[1]))) return undefined;
    files.set(file, new Map(approvals as [string, Approval][]));
  }
  return files;
}

function isApproval(value: unknown): value is Approval {
  if (!isRecord(value) || !isRecord(value['launch'])) return false;
  const { command, args, cwd, env, url, headers, given, secrets } = value['launch'];
  const texts = [command, cwd, url].every((part) => part === null || typeof part === 'string');
  const lists = [args, env, headers, given, secrets].every(
    (part) => Array.isArray(part) && part.every((item) => typeof item === 'string'),
  );
  return texts && lists && typeof value['hash'] === 'string' && typeof value['approvedAt'] === 'string';
}
