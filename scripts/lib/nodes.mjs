// Other versions of Node than the one at hand, from npm's registry.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const NODES = { 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' };

const CACHE = fileURLToPath(new URL('../../.cache/nodes', import.meta.url));
const INSTALL_MS = 180_000;

export function nodeBinary(version) {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const folder = join(CACHE, version);
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
