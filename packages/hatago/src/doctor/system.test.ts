import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Examined } from './check.ts';
import { checkClock, checkDisk, checkNode } from './system.ts';

const at = (home: string): Examined => ({
  cwd: home,
  env: {},
  home,
  file: undefined,
  loaded: undefined,
  faults: [],
  hub: undefined,
  mayStart: false,
  crypto: false,
});

describe('the Node version', () => {
  it.each([
    ['20.19.0', 'ok'],
    ['22.1.0', 'ok'],
    ['26.0.0', 'ok'],
    ['20.18.3', 'error'],
    ['18.20.0', 'error'],
  ])('%s is judged as %s', (version, level) => {
    const [finding] = checkNode(version);
    expect(finding).toMatchObject({ subject: 'node', level });
    if (level === 'error') expect(finding?.fix).toContain('nodejs.org');
  });
});

describe('the clock', () => {
  const now = Date.UTC(2026, 10, 21);

  it.each([
    [now, now + 1000, 'ok'],
    [now, now - 10 * 60_000, 'warning'],
    [now, now + 3_600_000, 'warning'],
    [Date.UTC(1970, 0, 2), Date.UTC(1970, 0, 2), 'error'],
  ])('%d beside a file written at %d is judged as %s', (clock, written, level) => {
    expect(checkClock(clock, written)).toEqual([expect.objectContaining({ subject: 'clock', level })]);
  });
});

describe('the disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hatago-doctor-'));
  afterEach(() => {
    chmodSync(folder, 0o700);
    rmSync(join(folder, 'home'), { recursive: true, force: true });
  });

  it('is tried where the state would be, also before there is any', async () => {
    const findings = await checkDisk(at(join(folder, 'home', 'not', 'there')));
    expect(findings.map(({ subject, level }) => [subject, level])).toEqual([
      ['disk', 'ok'],
      ['clock', 'ok'],
    ]);
  });

  it('is told to be of no use where nothing can be written', async () => {
    const [finding] = await checkDisk(at('/proc/nothing/here'));
    expect(finding).toMatchObject({ subject: 'disk', level: 'error', fix: expect.stringContaining('HATAGO_HOME') });
  });
});
