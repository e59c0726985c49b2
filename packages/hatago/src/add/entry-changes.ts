import { isDeepStrictEqual } from 'node:util';
import { visible, visibleCommand } from '@hatago/hub/control/trust/visible.ts';

type Entry = Readonly<Record<string, unknown>>;

/** What is other between two entries, one line for each thing; values of variables and headers are not shown. */
export function entryChanges(before: Entry, after: Entry): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const [old, next] = [before[name], after[name]];
    if (isDeepStrictEqual(old, next)) return [];
    if (name === 'env' || name === 'headers') return namesChanged(name === 'env' ? 'variable' : 'header', old, next);
    return [`${name}: ${shown(old)} → ${shown(next)}`];
  });
}

function namesChanged(what: string, before: unknown, after: unknown): string[] {
  const [old, next] = [(before ?? {}) as Entry, (after ?? {}) as Entry];
  return [...new Set([...Object.keys(old), ...Object.keys(next)])]
    .filter((name) => old[name] !== next[name])
    .map((name) => `${what} ${visible(name)} ${!(name in old) ? 'added' : !(name in next) ? 'removed' : 'changed'}`);
}

function shown(value: unknown): string {
  if (value === undefined) return 'none';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : visibleCommand(value.map(String));
  return visible(typeof value === 'string' ? value : JSON.stringify(value));
}
