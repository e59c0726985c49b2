// Gets ready what is measured: the peers from the npm registry, and our own build.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the peers' package.json, lock file and node_modules. */
export const PEERS_DIR = fileURLToPath(new URL('../peers', import.meta.url));

/** The repository's root. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** Runs npm, its output on stderr, so that stdout carries the result alone. */
function npm(args, cwd) {
  const cli = process.env.npm_execpath;
  const [cmd, first] = cli?.endsWith('npm-cli.js') ? [process.execPath, [cli]] : ['npm', []];
  const { status, error } = spawnSync(cmd, [...first, ...args], { cwd, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed in ${cwd}: ${error?.message ?? `exit ${status}`}`);
}

/** The versions bench/peers/package.json pins. @returns {Record<string, string>} */
export const peerVersions = () => readJson(path.join(PEERS_DIR, 'package.json')).dependencies;

/** Installs the peers at their pinned versions, unless they are there. Their install scripts are not run. */
export function installPeers() {
  const missing = Object.entries(peerVersions()).filter(([name, version]) => {
    const file = path.join(PEERS_DIR, 'node_modules', name, 'package.json');
    return !existsSync(file) || readJson(file).version !== version;
  });
  if (missing.length === 0) return;
  console.error(`installing ${missing.map((entry) => entry.join('@')).join(', ')} into bench/peers`);
  npm(['ci', '--prefix', PEERS_DIR, '--ignore-scripts', '--no-audit', '--no-fund'], PEERS_DIR);
}

/** When the newest of a folder's files was written, 0 when it has none. */
function newestMs(dir) {
  if (!existsSync(dir)) return 0;
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((newest, f) => Math.max(newest, statSync(path.join(f.parentPath ?? f.path, f.name)).mtimeMs), 0);
}

/** Builds our packages when a source is newer than what was built from it. */
export function buildOurs() {
  const packages = path.join(ROOT, 'packages');
  const stale = readdirSync(packages).some((name) => {
    const dir = path.join(packages, name);
    const built = newestMs(path.join(dir, 'dist'));
    return existsSync(path.join(dir, 'src')) && (built === 0 || newestMs(path.join(dir, 'src')) > built);
  });
  if (!stale) return;
  console.error('building packages');
  npm(['run', 'build'], ROOT);
}
