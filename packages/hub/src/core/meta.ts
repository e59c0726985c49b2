import { editObject, type Payload, type Piece } from '@hatago/protocol';

/** Key of `_meta` under which an ask names the server it comes from: clients see only the hub. */
export const SERVER_KEY = 'dev.hatago/server';

/** The object with one key set in its `_meta`, whatever else is in there. */
export function withMeta(object: Payload, key: string, json: string): Piece[] {
  const meta = object.member('_meta');
  const pieces = meta?.isObject() !== true ? `{${JSON.stringify(key)}:${json}}` : editObject(meta, { [key]: json });
  return editObject(object, { _meta: pieces });
}
