import { type Edits, editObject } from '../edit.ts';
import { META } from '../envelope.ts';
import type { Payload } from '../payload.ts';
import type { Piece } from '../pieces.ts';

/** Prefix of the `_meta` keys of the hub's own. */
export const HUB_META_PREFIX = 'dev.hatago/';

/** The `_meta` key under which the identity of the server behind the hub is kept; for display only. */
export const ORIGIN_META = 'dev.hatago/serverInfo';

/**
 * The `_meta` of a result on its way to a client: the server's identity goes under the hub's own key, and the hub's, where
 * given, takes its place. Undefined when nothing changes.
 */
export function resultMeta(meta: Payload | undefined, serverInfo: Piece | undefined): readonly Piece[] | undefined {
  const object = meta?.isObject() === true ? meta : undefined;
  if (object === undefined) {
    return serverInfo === undefined ? undefined : [`{"${META.serverInfo}":`, serverInfo, '}'];
  }
  const origin = object.member(META.serverInfo);
  if (origin === undefined && serverInfo === undefined) return undefined;
  const edits: { -readonly [name in keyof Edits]: Edits[name] } = { [META.serverInfo]: serverInfo ?? null };
  // A hub behind this hub has already said who the server is.
  if (origin !== undefined && object.member(ORIGIN_META) === undefined) edits[ORIGIN_META] = origin.pieces();
  return editObject(object, edits);
}
