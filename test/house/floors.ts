import { posix } from 'node:path';
import ts from 'typescript';
import { importsOf, isTest, type Source, toTree } from './sources.ts';

/** The floors of packages/hub/src, lowest first; a file imports from its own folder and from lower floors only. */
export const floors: readonly (readonly string[])[] = [
  ['core'],
  ['storage', 'bus', 'observe', 'session'],
  ['edge', 'auth', 'middleware', 'route', 'upstream'],
  ['control'],
  ['admin'],
  ['hub.ts'],
  ['index.ts'],
];

/** What each package may import besides its own files; `node` tells whether Node's built-in modules are allowed. */
export const packageRules: Readonly<Record<string, { packages: readonly string[]; node: boolean }>> = {
  protocol: { packages: [], node: false },
  hub: { packages: ['@hatago/protocol'], node: true },
  hatago: { packages: ['@hatago/protocol', '@hatago/hub'], node: true },
};

/** What packages/protocol must not touch, because it runs where Node does not. */
const nodeGlobals: ReadonlySet<string> = new Set([
  'process',
  'Buffer',
  'require',
  'global',
  'setImmediate',
  'clearImmediate',
  '__dirname',
  '__filename',
]);

const hubRoot = 'packages/hub/src/';

/** Every import in packages/hub/src that goes up, or sideways into another folder of the same floor. */
export function checkFloors(sources: readonly Source[]): string[] {
  const faults: string[] = [];
  for (const source of sources) {
    if (!source.path.startsWith(hubRoot) || isTest(source.path)) continue;
    const from = placeOf(source.path);
    if (from.floor < 0) {
      faults.push(`${source.path}: ${from.folder} is on no floor`);
      continue;
    }
    for (const name of importsOf(source)) {
      if (!name.startsWith('.')) continue;
      const target = posix.join(posix.dirname(source.path), name);
      if (!target.startsWith(hubRoot)) {
        faults.push(`${source.path}: imports ${name}, which is outside its package`);
        continue;
      }
      const to = placeOf(target);
      if (to.folder === from.folder || (to.floor >= 0 && to.floor < from.floor)) continue;
      const why = to.floor === from.floor ? 'which is on the same floor' : 'which is on a higher floor';
      faults.push(`${source.path}: ${from.folder} imports ${to.folder} (${name}), ${why}`);
    }
  }
  return faults;
}

/** Every import that a package's rules or its own package.json do not allow. */
export function checkPackages(
  sources: readonly Source[],
  dependencies: Readonly<Record<string, readonly string[]>>,
): string[] {
  const faults: string[] = [];
  for (const source of sources) {
    const folder = /^packages\/([^/]+)\/src\//.exec(source.path)?.[1];
    if (folder === undefined || isTest(source.path)) continue;
    const rule = packageRules[folder];
    if (rule === undefined) {
      faults.push(`${source.path}: no rule says what packages/${folder} may import`);
      continue;
    }
    for (const name of importsOf(source)) {
      const fault = faultOf(name, source, folder, rule, dependencies[folder] ?? []);
      if (fault !== undefined) faults.push(`${source.path}: imports ${name}, ${fault}`);
    }
    if (!rule.node) faults.push(...nodeGlobalsOf(source));
  }
  return faults;
}

function faultOf(
  name: string,
  source: Source,
  folder: string,
  rule: { packages: readonly string[]; node: boolean },
  declared: readonly string[],
): string | undefined {
  if (name.startsWith('.')) {
    const target = posix.join(posix.dirname(source.path), name);
    const own = target.startsWith(`packages/${folder}/src/`) || target === `packages/${folder}/package.json`;
    return own ? undefined : 'which is outside its package';
  }
  if (name.startsWith('node:')) return rule.node ? undefined : 'but must run without Node';
  const owner = name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
  if (owner.startsWith('@hatago/')) return rule.packages.includes(owner) ? undefined : 'which is not below it';
  if (folder === 'protocol') return 'but must have no dependency';
  return declared.includes(owner) ? undefined : 'which its package.json does not name';
}

function nodeGlobalsOf(source: Source): string[] {
  const faults: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && nodeGlobals.has(node.text) && isFreeName(node)) {
      faults.push(`${source.path}: uses ${node.text}, but must run without Node`);
    }
    ts.forEachChild(node, visit);
  };
  visit(toTree(source));
  return faults;
}

/** Whether the identifier stands for a variable, not for the name of a member. */
function isFreeName(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  const namesMember =
    ts.isPropertyAssignment(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent);
  return !(namesMember && parent.name === node);
}

function placeOf(path: string): { folder: string; floor: number } {
  const folder = path.slice(hubRoot.length).split('/')[0] ?? '';
  return { folder, floor: floors.findIndex((names) => names.includes(folder)) };
}
