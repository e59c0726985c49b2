import { isRecord, type Payload, type Piece, toModernResult } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import type { Exchange, Outcome } from '../core/exchange.ts';
import type { EdgeDeps } from './deps.ts';
import { logInternal } from './run.ts';
import { errorStatus } from './wire.ts';

const encoder = new TextEncoder();
const infos = new WeakMap<object, Uint8Array>();

/** What goes on a modern wire for an outcome. */
export type ModernEnd =
  | { readonly kind: 'result'; readonly pieces: readonly Piece[] }
  | {
      readonly kind: 'error';
      readonly pieces: readonly Piece[];
      readonly code: number;
      readonly http: number | undefined;
      readonly retryAfterMs: number | undefined;
    };

/** Brings an outcome into the shape of the modern wire; a result that is no object becomes a protocol error. */
export function finishModern(deps: EdgeDeps, exchange: Exchange, outcome: Outcome): ModernEnd {
  if (outcome.kind === 'error') return errorEnd(outcome.error, outcome.http);
  try {
    const pieces = toModernResult(exchange.method, outcome.result, outcome.kind, { serverInfo: serverInfo(deps) });
    return { kind: 'result', pieces };
  } catch (error) {
    logInternal(deps, exchange.method, error);
    return errorEnd(failure('HATAGO_UPSTREAM_PROTOCOL').error, undefined);
  }
}

/** The hub's own `Implementation` as bytes, made once. */
export function serverInfo(deps: EdgeDeps): Uint8Array {
  let bytes = infos.get(deps.hubInfo);
  if (bytes === undefined) {
    bytes = encoder.encode(JSON.stringify(deps.hubInfo));
    infos.set(deps.hubInfo, bytes);
  }
  return bytes;
}

function errorEnd(error: Payload, http: number | undefined): ModernEnd {
  const value = error.value();
  const code = isRecord(value) && typeof value.code === 'number' ? value.code : 0;
  const retryAfterMs = http === undefined ? undefined : errorStatus(value, http).retryAfterMs;
  return { kind: 'error', pieces: error.pieces(), code, http, retryAfterMs };
}
