import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The licences of all packages that end up in a bundle of the given ones, as one text. */
export function buildNotices(folders) {
  const found = new Map();
  for (const folder of folders) collect(folder, ['dependencies', 'devDependencies'], found);
  return [...found.values()]
    .sort((a, b) => (a.title < b.title ? -1 : 1))
    .map(({ title, licence }) => `${title}\n${'-'.repeat(title.length)}\n${licence}\n`)
    .join('\n');
}

function collect(folder, kinds, found) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const name of kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {}))) {
    if (name.startsWith('@hatago/')) continue;
    const home = resolvePackage(folder, name);
    if (home === undefined || found.has(home)) continue;
    const { version, license } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
    found.set(home, { title: `${name} ${version} (${license})`, licence: licenceOf(home) });
    collect(home, ['dependencies'], found);
  }
}

function resolvePackage(from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    const home = join(folder, 'node_modules', name);
    if (existsSync(home)) return home;
    if (dirname(folder) === folder) return undefined;
  }
}

function licenceOf(home) {
  const file = readdirSync(home).find((name) => /^(?:licen[cs]e|copying)/i.test(name));
  return file === undefined ? '' : readFileSync(join(home, file), 'utf8').trim();
}
