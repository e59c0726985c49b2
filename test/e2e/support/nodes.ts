import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.ts';

/** The versions of Node, besides the one at hand, that the product is run on. */
export const NODES = { 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' } as const;

const INSTALL_MS = 180_000;

/** The executable of a version of Node, fetched as a package from npm's registry at its first use. */
export function nodeBinary(version: string): string {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const folder = join(root, '.cache/nodes', version);
  const binary = join(folder, 'node_modules', name, 'bin', 'node');
  if (existsSync(binary)) return binary;
  const temporary = `${folder}.${process.pid}`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  const args = ['install', '--prefix', temporary, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
  execFileSync('npm', [...args, `${name}@${version}`], { stdio: 'pipe', timeout: INSTALL_MS, cwd: temporary });
  rmSync(folder, { recursive: true, force: true });
  renameSync(temporary, folder);
  return binary;
}
