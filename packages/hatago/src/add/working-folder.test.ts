import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { workingFolder } from './working-folder.ts';

const project = mkdtempSync(join(tmpdir(), 'hatago-folder-'));
const sub = join(project, 'sub');
mkdirSync(sub);
writeFileSync(join(sub, 'server.js'), '');
afterAll(() => rmSync(project, { recursive: true, force: true }));

describe('the working directory of a new server', () => {
  it.each([
    [{ command: 'node', args: ['server.js'] }, sub, 'sub'],
    [{ command: './server.js' }, sub, 'sub'],
    [{ command: 'node', args: ['./sub/server.js'] }, project, '.'],
    [{ command: 'npx', args: ['-y', 'pkg', '.'] }, project, '.'],
    [{ command: 'node', args: ['gone.js'] }, sub, undefined],
    [{ command: 'node', args: [join(sub, 'server.js')] }, sub, undefined],
    [{ command: 'server.js', args: [] }, sub, undefined],
    [{ url: 'https://x.example/sub' }, project, undefined],
  ])('of %j is found', (entry, cwd, folder) => {
    expect(workingFolder(entry, { cwd, project })).toBe(folder);
  });

  it('is written in full where it lies outside of the project', () => {
    expect(
      workingFolder({ command: 'node', args: ['server.js'] }, { cwd: sub, project: `${tmpdir()}/elsewhere` }),
    ).toBe(sub);
  });
});
