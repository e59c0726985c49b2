import { type HubCode, type Piece, type RequestId, wireError } from '@hatago/protocol';
import type { ErrorDetail } from '../core/errors.ts';
import type { Notification } from '../core/exchange.ts';

const encoder = new TextEncoder();
const NULL = encoder.encode('null');

/** The JSON text of an id, `null` where none could be read. */
export function idText(id: RequestId | null | undefined): Uint8Array {
  return id === null || id === undefined ? NULL : encoder.encode(JSON.stringify(id));
}

/** A JSON-RPC response that carries a result. */
export function resultMessage(id: Uint8Array, result: readonly Piece[]): Piece[] {
  const out: Piece[] = ['{"jsonrpc":"2.0","id":', id, ',"result":'];
  for (const piece of result) out.push(piece);
  out.push('}');
  return out;
}

/** A JSON-RPC response that carries an error object. */
export function errorMessage(id: Uint8Array, error: readonly Piece[]): Piece[] {
  const out: Piece[] = ['{"jsonrpc":"2.0","id":', id, ',"error":'];
  for (const piece of error) out.push(piece);
  out.push('}');
  return out;
}

/** A JSON-RPC notification. */
export function notificationMessage(notification: Notification): Piece[] {
  const out: Piece[] = [`{"jsonrpc":"2.0","method":${JSON.stringify(notification.method)},"params":`];
  for (const piece of notification.params.pieces()) out.push(piece);
  out.push('}');
  return out;
}

/** A JSON-RPC request of the hub's own to a client. */
export function requestMessage(id: number, method: string, params: readonly Piece[]): Piece[] {
  const out: Piece[] = [`{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":`];
  for (const piece of params) out.push(piece);
  out.push('}');
  return out;
}

/** A response with an error of the table, and the HTTP status it goes with. */
export function refusal(
  code: HubCode,
  id: Uint8Array,
  detail: ErrorDetail = {},
): { readonly message: Piece[]; readonly http: number } {
  const { error, http } = wireError(code, detail);
  return { message: errorMessage(id, [JSON.stringify(error)]), http };
}
