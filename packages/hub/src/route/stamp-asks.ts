import { type Edits, editObject, Payload, type Piece } from '@hatago/protocol';
import { SERVER_KEY, withMeta } from '../core/meta.ts';
import { missingCapabilities } from '../core/missing-capabilities.ts';

/**
 * The asks of a result as their client may see them: each says whose it is and asks for no other server's context. With
 * `declared`, those the client cannot answer are left out.
 */
export function stampAsks(asks: Payload, server: string, declared?: Payload): Piece[] {
  // A key may be any text, `__proto__` too.
  const changed: Record<string, Edits[string]> = Object.create(null);
  for (const key of asks.members()?.names ?? []) {
    const ask = asks.member(key);
    const method = ask?.members() === undefined ? undefined : ask.text('method');
    if (ask === undefined || method === undefined) continue;
    const params = ask.member('params');
    if (declared !== undefined && missingCapabilities(method, params ?? ask, declared) !== undefined) {
      changed[key] = null;
    } else if (params?.members() !== undefined) changed[key] = editObject(ask, { params: stampParams(params, server) });
  }
  return editObject(asks, changed);
}

/** The params of one ask, stamped the same way. */
export function stampParams(params: Payload, server: string): Piece[] {
  const stamped = withMeta(params, SERVER_KEY, JSON.stringify(server));
  // Through a hub the other values would hand one server's context to another.
  if (params.member('includeContext') === undefined) return stamped;
  return editObject(Payload.ofPieces(stamped), { includeContext: '"none"' });
}
