import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogEvent } from '../core/log.ts';
import { NO_LOG } from '../core/log.ts';
import { writeAtomically } from './atomic-write.ts';
import { openRecordFile } from './record-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hatago-storage-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a record file', () => {
  it('gives back after a restart what was put', () => {
    const path = join(folder, 'state', 'eras.json');
    const file = openRecordFile<{ era: string }>(path, NO_LOG);
    file.put('a', { era: 'modern' });
    file.flush();
    expect(openRecordFile(path, NO_LOG).get('a')).toEqual({ era: 'modern' });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('does not write what is known already', () => {
    const path = join(folder, 'eras.json');
    const file = openRecordFile<number>(path, NO_LOG);
    file.put('a', 1);
    file.flush();
    rmSync(path);
    file.put('a', 1);
    file.flush();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('counts a broken file as empty and replaces it', () => {
    const path = join(folder, 'eras.json');
    writeFileSync(path, '{"a":');
    const file = openRecordFile<number>(path, NO_LOG);
    expect(file.get('a')).toBeUndefined();
    file.put('b', 2);
    file.flush();
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ b: 2 });
  });

  it('goes on without a file where none can be written, and says so', () => {
    const blocker = join(folder, 'blocker');
    writeFileSync(blocker, '');
    const events: LogEvent[] = [];
    const file = openRecordFile<number>(join(blocker, 'eras.json'), (event) => events.push(event));
    file.put('a', 1);
    file.flush();
    expect(file.get('a')).toBe(1);
    expect(events.map((event) => event.event)).toEqual(['state.unwritable']);
  });

  it('sweeps the temporary files of writes that never ended', () => {
    const path = join(folder, 'eras.json');
    writeFileSync(`${path}.123.tmp`, 'half');
    openRecordFile(path, NO_LOG);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('writeAtomically', () => {
  it('leaves no temporary file and keeps the old content when it fails', () => {
    const path = join(folder, 'is-a-folder');
    writeAtomically(join(path, 'inner'), 'x');
    expect(() => writeAtomically(path, 'y')).toThrow();
    expect(readdirSync(folder)).toEqual(['is-a-folder']);
  });
});
