import { type Edits, editObject } from '../edit.ts';
import { atLeast } from '../eras.ts';
import { methodInfo } from '../methods.ts';
import type { Payload } from '../payload.ts';
import type { Piece } from '../pieces.ts';
import { degradeContent } from './content.ts';
import { resultMeta } from './meta.ts';

type Draft = { [name: string]: Edits[string] };

/** What a result needs on the modern wire besides itself. */
export interface ModernResultOptions {
  /** The hub's own `Implementation` as JSON. */
  readonly serverInfo: Piece;
  /** Replaces the result's `ttlMs`. @default its own, else 0 */
  readonly ttlMs?: number;
  /** Replaces the result's `cacheScope`. @default its own, else `private` */
  readonly cacheScope?: 'public' | 'private';
}

/**
 * A result as the modern wire wants it: with its `resultType`, the hub's identity in `_meta`, and what a cache has to know
 * where the method calls for it. `kind` is authoritative; only a `complete` result may carry an extension's own type.
 * Throws when the result is no object.
 */
export function toModernResult(
  method: string,
  result: Payload,
  kind: 'complete' | 'input_required' | 'task',
  options: ModernResultOptions,
): Piece[] {
  const edits: Draft = {};
  const type = result.text('resultType');
  if (type !== kind && (kind !== 'complete' || type === undefined || type === 'input_required' || type === 'task')) {
    edits.resultType = `"${kind}"`;
  }
  const meta = resultMeta(result.member('_meta'), options.serverInfo);
  if (meta !== undefined) edits._meta = meta;
  if (kind === 'complete') {
    if (methodInfo(method)?.cacheable !== undefined) cacheHints(result, options, edits);
    // Old servers may leave out what new clients insist on.
    if (method === 'tools/call' && !has(result, 'content')) edits.content = '[]';
  }
  return editObject(result, edits);
}

function cacheHints(result: Payload, options: ModernResultOptions, edits: Draft): void {
  const { ttlMs, cacheScope } = options;
  if (ttlMs !== undefined) edits.ttlMs = String(ttlMs);
  else if (!isTtl(result.member('ttlMs')?.value())) edits.ttlMs = '0';
  const scope = result.text('cacheScope');
  if (cacheScope !== undefined) edits.cacheScope = `"${cacheScope}"`;
  else if (scope !== 'public' && scope !== 'private') edits.cacheScope = '"private"';
}

const isTtl = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

/** For which client a result is brought into its legacy shape. */
export interface LegacyResultOptions {
  /** The version of the client's session. */
  readonly version: string;
  /** The tool's output schema was wrapped, so its structured content is too. @default false */
  readonly wrap?: boolean;
}

/**
 * A result as a legacy wire of the version wants it: without what only the modern one has, structured content an object,
 * and content of kinds the version does not know replaced. Throws when the result is no object.
 */
export function toLegacyResult(method: string, result: Payload, options: LegacyResultOptions): readonly Piece[] {
  const edits: Draft = {};
  if (has(result, 'resultType')) edits.resultType = null;
  const info = methodInfo(method);
  if (info?.cacheable !== undefined) {
    if (has(result, 'ttlMs')) edits.ttlMs = null;
    if (has(result, 'cacheScope')) edits.cacheScope = null;
  }
  const meta = resultMeta(result.member('_meta'), undefined);
  if (meta !== undefined) edits._meta = meta;
  if (method === 'tools/call' || method === 'tasks/result') {
    const structured = result.member('structuredContent');
    if (structured !== undefined && (options.wrap === true || !structured.isObject())) {
      edits.structuredContent = ['{"result":', ...structured.pieces(), '}'];
    }
    if (method === 'tools/call' && !has(result, 'content') && !has(result, 'task')) edits.content = '[]';
  }
  if (!atLeast(options.version, '2025-06-18')) {
    const content = degradeContent(method, result, options.version);
    if (content !== undefined) edits[content.member] = content.pieces;
  }
  for (const _ in edits) return editObject(result, edits);
  if (!result.isObject()) throw new TypeError('a result must be an object');
  return result.pieces();
}

function has(result: Payload, name: string): boolean {
  return result.members()?.names.includes(name) === true;
}
