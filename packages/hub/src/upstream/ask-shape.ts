import { editObject, isRecord, Payload, type Piece } from '@hatago/protocol';
import type { MutableEdits } from './params.ts';
import type { UpstreamSpec } from './spec.ts';
import { RELATED_TASK } from './task-shape.ts';

/** Key of an ask's `_meta` by which a server names it; the name becomes the key of the embedded request. */
export const INPUT_KEY = 'dev.hatago/input-key';
const KEY = /^[A-Za-z0-9_.-]{1,64}$/;

/** The error of an ask too many. */
export const TOO_MANY = '{"code":-32603,"message":"Too many questions are open."}';

/** The roots configured for a server, as the result of `roots/list`. */
export function rootsOf(spec: UpstreamSpec): string {
  return JSON.stringify({ roots: spec.roots ?? [] });
}

/** Kinds of asks the hub puts to clients, and what their minted keys begin with. */
export const ASK_KINDS: ReadonlyMap<string, string> = new Map([
  ['elicitation/create', 'elicitation'],
  ['sampling/createMessage', 'sampling'],
  ['roots/list', 'roots'],
]);

/** The name the server gave its ask, where it is fit to be a key. */
export function hintOf(params: Payload): string | undefined {
  const hint = params.member('_meta')?.text(INPUT_KEY);
  return hint !== undefined && KEY.test(hint) ? hint : undefined;
}

/** The ask as its client sees it: without what concerns the hub's own hop, and without the context of other servers. */
export function embedAsk(method: string, params: Payload, attached: boolean): Payload {
  const names = params.members()?.names ?? [];
  const edits: MutableEdits = {};
  if (names.includes('_meta')) {
    const meta = strippedMeta(params.member('_meta') as Payload);
    if (meta !== undefined) edits._meta = meta;
  }
  if (names.includes('task')) edits.task = null;
  if (method === 'sampling/createMessage' && names.includes('includeContext')) edits.includeContext = '"none"';
  if (!attached && names.includes('elicitationId')) edits.elicitationId = null;
  for (const _ in edits) return Payload.ofPieces(editObject(params, edits));
  return params;
}

const OURS = [INPUT_KEY, 'progressToken', RELATED_TASK];

function strippedMeta(meta: Payload): readonly Piece[] | null | undefined {
  const names = meta.members()?.names;
  if (names === undefined || names.every((name) => OURS.includes(name))) return null;
  const ours = names.filter((name) => OURS.includes(name));
  return ours.length === 0 ? undefined : editObject(meta, Object.fromEntries(ours.map((name) => [name, null])));
}

/** Replaces what a sampling request says of including context in asks that a modern server embeds in its result. */
export function withoutContext(result: Payload): Payload {
  const value = result.value();
  if (!isRecord(value) || !isRecord(value.inputRequests)) return result;
  let changed = false;
  const inputRequests: Record<string, unknown> = {};
  for (const [key, request] of Object.entries(value.inputRequests)) {
    const params = isRecord(request) ? request.params : undefined;
    const leaks = isRecord(params) && params.includeContext !== undefined && params.includeContext !== 'none';
    changed ||= leaks;
    Object.defineProperty(inputRequests, key, {
      value: leaks ? { ...(request as object), params: { ...(params as object), includeContext: 'none' } } : request,
      enumerable: true,
    });
  }
  if (!changed) return result;
  return Payload.ofPieces(editObject(result, { inputRequests: JSON.stringify(inputRequests) }));
}
