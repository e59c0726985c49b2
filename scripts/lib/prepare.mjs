import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const cache = join(root, '.cache');

const stampFile = join(cache, 'build-stamp');
const lockFile = join(cache, 'prepare.lock');
const built = ['protocol/dist/index.mjs', 'hub/dist/index.mjs', 'hatago/dist/hatago.cjs'].map((path) =>
  join(root, 'packages', path),
);

/** Installs and builds what is missing or out of date; quiet and quick when nothing is. */
export async function prepare() {
  if (isInstalled() && isBuilt()) return;
  await locked(async () => {
    if (!isInstalled()) await step('Installing dependencies', install);
    if (!isBuilt()) await step('Building', build);
  });
}

/** Builds all packages and remembers what they were built from; installs first what that needs. */
export async function build() {
  if (!isInstalled()) await step('Installing dependencies', install);
  const stamp = sourceDigest();
  const code = await run(process.execPath, [join(root, 'scripts/lib/bundle.mjs')], { cwd: root, output: 'stderr' });
  if (code !== 0) throw new Error(`the build failed (exit code ${code})`);
  if (!existsSync(join(root, 'node_modules/.bin', onWindows('hatago')))) await link();
  mkdirSync(cache, { recursive: true });
  writeFileSync(stampFile, stamp);
}

const install = () => npm('ci', '--include=dev', '--prefer-offline', '--no-audit', '--no-fund');

/** Makes `npx hatago` find the program, which was not there yet when the packages were installed. */
const link = () => npm('rebuild', 'hatago', '--ignore-scripts', '--silent');

async function npm(command, ...args) {
  const cli = process.env.npm_execpath;
  const own = cli !== undefined && basename(cli) === 'npm-cli.js' ? [process.execPath, cli] : [onWindows('npm')];
  const code = await run(own[0], [...own.slice(1), command, ...args], { cwd: root, output: 'stderr' });
  if (code !== 0) throw new Error(`npm ${command} failed (exit code ${code})`);
}

/** Whether node_modules holds exactly the versions that the lockfile names. */
function isInstalled() {
  const wanted = readLock(join(root, 'package-lock.json'));
  const found = readLock(join(root, 'node_modules/.package-lock.json'));
  if (wanted === undefined) throw new Error('package-lock.json is missing or broken');
  if (found === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/') || entry.link) return true;
    const there = found[path];
    return there === undefined ? entry.optional === true : there.version === entry.version;
  });
}

function isBuilt() {
  return built.every((path) => existsSync(path)) && readText(stampFile) === sourceDigest();
}

/** A digest of everything that the build reads. */
function sourceDigest() {
  const hash = createHash('sha256');
  const files = [
    'package-lock.json',
    'tsconfig.json',
    'tsdown.config.ts',
    'scripts/lib/bundle.mjs',
    'scripts/lib/program.mjs',
  ];
  for (const name of readdirSync(join(root, 'packages')).sort()) {
    files.push(`packages/${name}/package.json`, `packages/${name}/tsdown.config.ts`);
    const source = join(root, 'packages', name, 'src');
    if (!existsSync(source)) continue;
    for (const path of readdirSync(source, { recursive: true }).map(String).sort()) {
      if (/\.(ts|json)$/.test(path) && !path.endsWith('.test.ts')) files.push(`packages/${name}/src/${path}`);
    }
  }
  for (const path of files) hash.update(`${path}\0${readText(join(root, path)) ?? ''}\0`);
  return hash.digest('hex');
}

/** One installation or build at a time: `npm start` and `npm test` may begin together. */
async function locked(work) {
  mkdirSync(cache, { recursive: true });
  for (;;) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!isAlive(Number(readText(lockFile)))) rmSync(lockFile, { force: true });
      else await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  const release = () => rmSync(lockFile, { force: true });
  process.once('exit', release);
  try {
    await work();
  } finally {
    release();
    process.off('exit', release);
  }
}

async function step(name, work) {
  const started = performance.now();
  process.stderr.write(`${name} …\n`);
  await work();
  process.stderr.write(`${name}: done in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}

function isAlive(pid) {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function readLock(path) {
  const text = readText(path);
  try {
    return text === undefined ? undefined : JSON.parse(text).packages;
  } catch {
    return undefined;
  }
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function onWindows(command) {
  return process.platform === 'win32' ? `${command}.cmd` : command;
}
