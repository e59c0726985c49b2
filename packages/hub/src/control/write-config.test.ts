import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'jsonc-parser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sweepTemporaries } from '../storage/atomic-write.ts';
import { writeConfig } from './write-config.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'hatago-write-')));
  file = join(folder, 'c.jsonc');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const port = (value: unknown): { path: string[]; value: unknown }[] => [{ path: ['port'], value }];

describe('writing a configuration', () => {
  it('edits in place, keeps the comments and the permissions, and leaves nothing beside it', () => {
    writeFileSync(file, '{ "port": 1 /* mine */ }');
    chmodSync(file, 0o640);
    expect(writeConfig(file, port(2))).toEqual({
      ok: true,
      value: { before: '{ "port": 1 /* mine */ }', after: '{ "port": 2 /* mine */ }' },
    });
    expect(readFileSync(file, 'utf8')).toBe('{ "port": 2 /* mine */ }');
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['c.jsonc']);
  });

  it('edits YAML by the name of the file', () => {
    const yaml = join(folder, 'c.yaml');
    writeFileSync(yaml, '# mine\nport: 1\n');
    expect(writeConfig(yaml, port(2)).ok).toBe(true);
    expect(readFileSync(yaml, 'utf8')).toBe('# mine\nport: 2\n');
  });

  it.runIf(process.platform !== 'win32')('replaces what a link leads to, not the link', () => {
    writeFileSync(file, '{}');
    const link = join(folder, 'link.jsonc');
    symlinkSync(file, link);
    expect(writeConfig(link, port(2)).ok).toBe(true);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(file, 'utf8')).toContain('"port": 2');
  });

  it('writes nothing where the check finds a fault', () => {
    writeFileSync(file, '{}');
    const written = writeConfig(file, port('x'), { check: (text) => [`no: ${text.includes('x')}`] });
    expect(written).toEqual({ ok: false, error: { code: 'HATAGO_CONFIG_INVALID', message: 'no: true' } });
    expect(readFileSync(file, 'utf8')).toBe('{}');
  });

  it('does not lose what an editor saves at the same moment', () => {
    writeFileSync(file, '{"a":1}');
    let saved = false;
    const check = (): string[] => {
      if (!saved) writeFileSync(file, '{"a":2}');
      saved = true;
      return [];
    };
    expect(writeConfig(file, port(3), { check }).ok).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe('{"a":2, "port": 3}');
  });

  it.each([
    ['{broken', 'HATAGO_CONFIG_SYNTAX', ':1:2: invalid symbol'],
    ['{\n "x":', 'HATAGO_CONFIG_SYNTAX', ':2:6: value expected'],
    ['[]', 'HATAGO_CONFIG_INVALID', ': the document is no object'],
  ])('overwrites nothing that it cannot edit, and says where: %j', (text, code, message) => {
    writeFileSync(file, text);
    const written = writeConfig(file, port(1));
    const place = expect.stringContaining(`${file}${message}`) as string;
    expect(written).toEqual({ ok: false, error: { code, message: place } });
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('names a file that is not there', () => {
    const message = `${file}: there is no such file`;
    expect(writeConfig(file, port(1))).toEqual({ ok: false, error: { code: 'HATAGO_CONFIG_NOT_FOUND', message } });
  });

  it('tells what the system refuses from what is wrong with the file', () => {
    const error = { code: 'HATAGO_STATE_UNWRITABLE', message: `${folder}: cannot be written (EISDIR)` };
    expect(writeConfig(folder, port(1))).toEqual({ ok: false, error });
  });
});

/** A process that writes one number after the other into a file and says which ones it has written. */
function writer(config: string, from: number): ChildProcess {
  const module = JSON.stringify(fileURLToPath(new URL('./write-config.ts', import.meta.url)));
  const script = `
    import { writeConfig } from ${module};
    for (let i = ${from}; ; i++) {
      const written = writeConfig(${JSON.stringify(config)}, [{ path: ['n'], value: i }]);
      if (!written.ok) throw new Error(written.error);
      (await import('node:fs')).writeSync(1, i + '\\n');
    }`;
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

const ROUNDS = process.env['CRASH'] === 'full' ? 200 : 4;

describe('a process that is killed while it writes', { timeout: 900_000 }, () => {
  it('leaves a whole file with all it said it had written, and others go on', async () => {
    const text = `{ /* ours */ "n": 0, "rest": "${'x'.repeat(100_000)}" }`;
    writeFileSync(file, text);
    for (let round = 0, said = 0; round < ROUNDS; round++) {
      const child = writer(file, said + 1);
      const before = said;
      await new Promise<void>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', () => resolve());
        child.stdout?.on('data', (chunk: Buffer) => {
          said = Number(chunk.toString().trim().split('\n').at(-1));
          // The more it has written, the later in a write it is hit.
          if (said > before + 5 + round) child.kill('SIGKILL');
        });
      });
      const after = readFileSync(file, 'utf8');
      const n = (parse(after) as { n: number }).n;
      expect(after).toBe(text.replace('"n": 0', `"n": ${n}`));
      expect(n - said === 0 || n - said === 1).toBe(true);
      said = n;
    }
    sweepTemporaries(file);
    expect(readdirSync(folder)).toEqual(['c.jsonc']);
  });
});

describe('two processes that write at a time', { timeout: 60_000 }, () => {
  it('lose none of each other’s edits', async () => {
    writeFileSync(file, '{}');
    const module = JSON.stringify(fileURLToPath(new URL('./write-config.ts', import.meta.url)));
    const run = (name: string): Promise<number | null> => {
      const script = `
        import { writeConfig } from ${module};
        for (let i = 0; i < 20; i++) {
          const written = writeConfig(${JSON.stringify(file)}, [{ path: ['${name}', String(i)], value: i }]);
          if (!written.ok) throw new Error(written.error);
        }`;
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      return new Promise((resolve) => child.once('exit', resolve));
    };
    expect(await Promise.all(['a', 'b', 'c'].map(run))).toEqual([0, 0, 0]);
    const written = parse(readFileSync(file, 'utf8')) as Record<string, object>;
    expect(Object.values(written).map((numbers) => Object.keys(numbers).length)).toEqual([20, 20, 20]);
  });
});
