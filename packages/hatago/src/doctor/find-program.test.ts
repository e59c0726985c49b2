import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { findProgram } from './find-program.ts';

const folder = mkdtempSync(join(tmpdir(), 'hatago-programs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('finds a program as the system would', () => {
  const [one, two] = [join(folder, 'one'), join(folder, 'two')];
  for (const dir of [one, two]) mkdirSync(dir);
  writeFileSync(join(one, 'tool'), '');
  writeFileSync(join(two, 'tool'), '');
  mkdirSync(join(one, 'other'));
  chmodSync(join(two, 'tool'), 0o755);
  const env = { PATH: [one, two].join(delimiter) };
  // The first may not be run.
  expect(findProgram('tool', env)).toBe(join(two, 'tool'));
  expect(findProgram('other', env)).toBeUndefined();
  expect(findProgram('nothing', env)).toBeUndefined();
  expect(findProgram('./tool', env, two)).toBe(join(two, 'tool'));
  expect(findProgram(join(two, 'tool'), {})).toBe(join(two, 'tool'));
});
