import { type Edits, editObject } from '../edit.ts';
import { Payload } from '../payload.ts';
import type { Piece } from '../pieces.ts';

type Draft = { [name: string]: Edits[string] };

/** What a modern task says of its end or of its questions, which a legacy one does not. */
export interface TaskInline {
  readonly result?: Payload;
  readonly error?: Payload;
  readonly inputRequests?: Payload;
}

/**
 * A modern task in its legacy shape: `ttlMs` and `pollIntervalMs` are `ttl` and `pollInterval`, and `resultType`, `result`,
 * `error`, `inputRequests` and `requestState` are left out. Throws when it is no object.
 */
export function toLegacyTask(task: Payload): Piece[] {
  const edits: Draft = {
    resultType: null,
    result: null,
    error: null,
    inputRequests: null,
    requestState: null,
  };
  rename(task, edits, 'ttlMs', 'ttl');
  rename(task, edits, 'pollIntervalMs', 'pollInterval');
  if (task.member('ttl') === undefined && task.member('ttlMs') === undefined) edits.ttl = 'null';
  return editObject(task, edits);
}

/** A legacy task in its modern shape, with what is inlined there. Throws when it is no object. */
export function toModernTask(task: Payload, inline: TaskInline = {}): Piece[] {
  const edits: Draft = {};
  rename(task, edits, 'ttl', 'ttlMs');
  rename(task, edits, 'pollInterval', 'pollIntervalMs');
  if (task.member('ttl') === undefined && task.member('ttlMs') === undefined) edits.ttlMs = 'null';
  for (const [name, value] of Object.entries(inline)) if (value !== undefined) edits[name] = value.pieces();
  return editObject(task, edits);
}

function rename(task: Payload, edits: Draft, from: string, to: string): void {
  const value = task.member(from);
  if (value === undefined) return;
  edits[from] = null;
  edits[to] = value.pieces();
}

/** A modern `task` result as the legacy answer to the call that began it: the task under `task`, `_meta` beside it. */
export function toLegacyCreated(result: Payload): Piece[] {
  const meta = result.member('_meta');
  const task = Payload.ofPieces(editObject(result, { _meta: null }));
  const pieces: Piece[] = ['{"task":', ...toLegacyTask(task)];
  if (meta !== undefined) pieces.push(',"_meta":', ...meta.pieces());
  pieces.push('}');
  return pieces;
}

/** A legacy server's `{ task, _meta? }` as a modern `task` result; undefined when it holds no task. */
export function fromLegacyCreated(result: Payload): Payload | undefined {
  const task = result.member('task');
  if (task?.isObject() !== true) return undefined;
  const edits: Draft = { resultType: '"task"' };
  const meta = result.member('_meta');
  if (meta !== undefined) edits._meta = meta.pieces();
  return Payload.ofPieces(editObject(Payload.ofPieces(toModernTask(task)), edits));
}
