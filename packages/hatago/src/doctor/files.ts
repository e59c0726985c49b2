import { chmodSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { approvalsFile } from '@hatago/hub/control/trust/approvals.ts';
import type { Check, Finding } from './check.ts';

/** What only its user may read, and what they must be able to enter. */
const PRIVATE_FILES = ['secrets.json', 'master.key', 'master.seen', 'seal.key', join('run', 'hub.json')];
const PRIVATE_FOLDERS = ['.', 'run', 'generations', 'workspaces', 'logs', 'clients'];

/** Whether others on this machine can read what they must not. */
export const checkModes: Check = ({ home }) => {
  if (process.platform === 'win32') return [];
  const findings = [
    ...PRIVATE_FILES.flatMap((name) => checkMode(join(home, name), 0o600, 0o077)),
    ...checkMode(approvalsFile(), 0o600, 0o077),
    // A folder that may be listed gives nothing away; one that may be written to does.
    ...PRIVATE_FOLDERS.flatMap((name) => checkMode(join(home, name), 0o700, name === 'run' ? 0o077 : 0o022)),
  ];
  return findings.length > 0
    ? findings
    : [{ subject: 'permissions', level: 'ok', message: `nobody else gets at ${home}` }];
};

function checkMode(path: string, right: number, forbidden: number): readonly Finding[] {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || (stat.mode & forbidden) === 0) return [];
  const octal = (mode: number): string => (mode & 0o777).toString(8).padStart(4, '0');
  return [
    {
      subject: 'permissions',
      level: 'error',
      message: `${path} has the permissions ${octal(stat.mode)}, so others on this machine get at it`,
      fix: `chmod ${octal(right)} ${path}`,
      mend() {
        chmodSync(path, right);
        return `set the permissions of ${path} to ${octal(right)}`;
      },
    },
  ];
}

/** Folders of npm's runner whose packages are not whole: what runs from them fails in odd ways. */
export const checkNpxCache: Check = ({ env }) => {
  const root = join(env['npm_config_cache'] ?? join(env['HOME'] ?? homedir(), '.npm'), '_npx');
  const broken = list(root)
    .filter((name) => /^[0-9a-f]{8,64}$/.test(name))
    .map((name) => join(root, name))
    .filter(isBroken);
  if (broken.length === 0) return [{ subject: 'npx cache', level: 'ok', message: 'it is whole' }];
  return [
    {
      subject: 'npx cache',
      level: 'warning',
      message: `packages of it are not whole: ${broken.join(', ')}`,
      cause: 'an installation was broken off',
      fix: 'hatago doctor --fix',
      mend() {
        for (const folder of broken) rmSync(folder, { recursive: true, force: true });
        return `removed ${broken.join(', ')}; they are fetched anew at the next start`;
      },
    },
  ];
};

/** Whether a package that the folder was made for is missing in it. */
function isBroken(folder: string): boolean {
  const manifest = readJson(join(folder, 'package.json'));
  // One without a manifest is being filled just now.
  if (manifest === undefined) return false;
  const wanted = Object.keys((manifest['dependencies'] ?? {}) as object);
  return wanted.some((name) => readJson(join(folder, 'node_modules', name, 'package.json')) === undefined);
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readJson(path: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
