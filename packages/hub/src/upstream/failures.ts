import { type HubCode, isRecord, Payload, scan, toModernError } from '@hatago/protocol';
import { failure } from '../core/errors.ts';
import type { Outcome } from '../core/exchange.ts';
import type { LinkFailure } from './link.ts';

/** What a failure of the hop is to the caller; never holds text of the upstream, save a JSON-RPC error it sent. */
export function outcomeOf(why: LinkFailure, server: string): Outcome & { kind: 'error' } {
  if (why.kind === 'http') {
    const error = errorIn(why.body);
    if (error !== undefined) return { kind: 'error', error: toModernError(error) };
  }
  const retryAfterMs = retryAfter(why);
  return failure(codeOf(why), retryAfterMs === undefined ? { server } : { server, retryAfterMs });
}

/** The row of the error table for a failure of the hop. */
export function codeOf(why: LinkFailure): HubCode {
  switch (why.kind) {
    case 'runtime':
      return 'HATAGO_RUNTIME_MISSING';
    case 'unsent':
      return 'HATAGO_UPSTREAM_UNAVAILABLE';
    case 'overloaded':
      return 'HATAGO_OVERLOADED';
    case 'auth':
      return 'HATAGO_UPSTREAM_AUTH_REQUIRED';
    case 'too_large':
      return 'HATAGO_TOO_LARGE';
    case 'protocol':
      return 'HATAGO_UPSTREAM_PROTOCOL';
    case 'http': {
      const status = why.status ?? 0;
      if (status === 429 || status === 503) return 'HATAGO_UPSTREAM_UNAVAILABLE';
      return status >= 500 ? 'HATAGO_UPSTREAM_LOST' : 'HATAGO_UPSTREAM_PROTOCOL';
    }
    default:
      return 'HATAGO_UPSTREAM_LOST';
  }
}

/** The JSON-RPC error in the body of an HTTP error, if there is one. */
export function errorIn(body: Uint8Array | undefined): Payload | undefined {
  if (body === undefined || body.length === 0) return undefined;
  const scanned = scan(body);
  if (!scanned.ok) return undefined;
  const message = Payload.ofBytes(body, scanned.value.start, scanned.value.end, scanned.value.top);
  const error = message.member('error');
  return error !== undefined && isRpcError(error.value()) ? error : undefined;
}

/** Whether a value is an error object of JSON-RPC. */
export function isRpcError(value: unknown): value is { code: number; message: string; data?: unknown } {
  return isRecord(value) && Number.isInteger(value.code) && typeof value.message === 'string';
}

function retryAfter(why: LinkFailure): number | undefined {
  const seconds = Number(why.headers?.['retry-after']);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}
