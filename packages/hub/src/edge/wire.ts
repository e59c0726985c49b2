import { type HubCode, isRecord, type Piece, type RequestId, wireError } from '@hatago/protocol';
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

/** How an HTTP edge answers with an error. */
export interface ErrorStatus {
  readonly http: number | undefined;
  /** When to come back, in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

/** The status of an error object, given the HTTP status of its outcome. */
export function errorStatus(error: unknown, http: number | undefined): ErrorStatus {
  const data = isRecord(error) && isRecord(error.data) ? error.data : undefined;
  return { http, retryAfterMs: typeof data?.retryAfterMs === 'number' ? data.retryAfterMs : undefined };
}

/** A response with an error of the table, and the HTTP status it goes with. */
export function refusal(
  code: HubCode,
  id: Uint8Array,
  detail: ErrorDetail = {},
): { readonly message: Piece[]; readonly http: number; readonly retryAfterMs: number | undefined } {
  const { error, http } = wireError(code, detail);
  return { message: errorMessage(id, [JSON.stringify(error)]), http, retryAfterMs: error.data.retryAfterMs };
}
