import { readFileSync } from 'node:fs';
import { isRecord } from '@hatago/protocol';
import type { Log } from '../core/log.ts';
import { sweepTemporaries, WRITE_DELAY_MS, writeAtomically } from './atomic-write.ts';

/** A small map that outlives the process, kept in one JSON file. */
export interface RecordFile<T> {
  get(key: string): T | undefined;
  /** Remembers the value; the file follows within a moment. */
  put(key: string, value: T): void;
  /** Writes what is not written yet. */
  flush(): void;
}

/** Opens the file; one that is missing or cannot be read counts as empty, for what it holds can be learned again. */
export function openRecordFile<T>(path: string, log: Log): RecordFile<T> {
  const values = new Map<string, T>(Object.entries(read(path) as Record<string, T>));
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    try {
      writeAtomically(path, `${JSON.stringify(Object.fromEntries(values), null, 2)}\n`);
    } catch (error) {
      log({
        level: 'warn',
        event: 'state.unwritable',
        message: `${path} cannot be written`,
        code: (error as NodeJS.ErrnoException).code,
      });
    }
  };
  return {
    get: (key) => values.get(key),
    put: (key, value) => {
      if (JSON.stringify(values.get(key)) === JSON.stringify(value)) return;
      values.set(key, value);
      timer ??= setTimeout(flush, WRITE_DELAY_MS).unref();
    },
    flush,
  };
}

function read(path: string): Record<string, unknown> {
  try {
    sweepTemporaries(path);
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}
