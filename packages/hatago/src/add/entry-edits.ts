import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '@hatago/protocol';
import type { ConfigEdit } from './config-file.ts';

/** The smallest edits that make one value of another, so that comments and the order of what stays are kept. */
export function editsBetween(
  path: readonly (string | number)[],
  before: unknown,
  after: unknown,
): readonly ConfigEdit[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (isRecord(before) && isRecord(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => editsBetween([...path, name], before[name], after[name]));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return after.flatMap((item, i) => editsBetween([...path, i], before[i], item));
  }
  return [{ path, value: after }];
}
