import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '@hatago/hub/storage/atomic-write.ts';
import { isRecord } from '@hatago/protocol';
import type { Machine } from './machine.ts';
import { joinOn } from './machine.ts';

/** What was written into a client's file. */
export interface Connection {
  readonly client: string;
  readonly file: string;
  /** Member names down to our entry. */
  readonly path: readonly string[];
  readonly key: string;
  /** SHA-256 of the file as it was written. */
  readonly hash: string;
  /** Where the file as it was before is kept; null when there was none. */
  readonly backup: string | null;
  /** Whether the record around our entry was made for it. */
  readonly madeRecord: boolean;
  /** RFC 3339. */
  readonly at: string;
}

/** What was written into clients' files, kept in the user's own state directory so that every project finds it. */
export interface Connections {
  list(): readonly Connection[];
  find(file: string, key: string): Connection | undefined;
  /** Keeps the text of a file as it was; returns where. */
  backUp(client: string, text: string): string;
  add(connection: Connection): void;
  remove(connection: Connection): void;
}

/** Hash of a text, to tell later whether a file is still as it was written. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Opens the records of the user. */
export function openConnections(machine: Machine): Connections {
  const folder = join(machine.env['HATAGO_HOME'] || joinOn(machine, machine.home, '.hatago'), 'clients');
  const file = join(folder, 'connections.json');
  const list = (): readonly Connection[] => read(file);
  const write = (connections: readonly Connection[]): void =>
    writeAtomically(file, `${JSON.stringify({ version: 1, connections }, null, 2)}\n`);
  const same = (a: Connection, b: Connection): boolean => a.file === b.file && a.key === b.key;
  return {
    list,
    find: (path, key) => list().find((connection) => connection.file === path && connection.key === key),
    backUp(client, text) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      // Everyone may connect as often as they like: no backup is ever overwritten.
      for (let n = 1; ; n++) {
        const path = join(folder, `${client}.backup-${n}`);
        if (readText(path) !== undefined) continue;
        writeAtomically(path, text);
        return path;
      }
    },
    add: (connection) => write([...list().filter((other) => !same(other, connection)), connection]),
    remove(connection) {
      write(list().filter((other) => !same(other, connection)));
      if (connection.backup !== null) rmSync(connection.backup, { force: true });
    },
  };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function read(file: string): readonly Connection[] {
  const text = readText(file);
  if (text === undefined) return [];
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && Array.isArray(value['connections']) ? (value['connections'] as Connection[]) : [];
  } catch {
    throw new Error(`${file}: cannot be read; it holds what to undo in clients' files, so mend or move it first`);
  }
}
