import { type HubCode, Payload, wireError } from '@hatago/protocol';
import type { Outcome } from './exchange.ts';

/** What a caller may know of a failure besides its code. */
export interface ErrorDetail {
  /** The server the failure is about. */
  readonly server?: string;
  /** When to try again, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Replaces the table's message: what happened, why, and what to do next. Never upstream text, a stack, a path. */
  readonly message?: string;
  /** Further members of `error.data`. */
  readonly data?: Record<string, unknown>;
}

/** A failure a caller can cause or must know of; checked by `code`, never by `instanceof`. */
export class HubError extends Error {
  readonly code: HubCode;
  readonly detail: ErrorDetail;

  constructor(code: HubCode, detail: ErrorDetail = {}, cause?: unknown) {
    super(detail.message ?? code, { cause });
    this.name = 'HubError';
    this.code = code;
    this.detail = detail;
  }
}

/** Whether a thrown value is a {@link HubError}, of whichever copy of the module. */
export function isHubError(error: unknown): error is HubError {
  return error instanceof Error && error.name === 'HubError' && 'code' in error && 'detail' in error;
}

/** The error outcome of a row of the table. */
export function failure(code: HubCode, detail: ErrorDetail = {}): Outcome & { kind: 'error' } {
  const { error, http } = wireError(code, detail);
  return { kind: 'error', error: Payload.ofValue(error), http };
}

/** What a thrown value becomes on the wire: its own row of the table, or an internal error without any detail. */
export function toOutcome(error: unknown): Outcome & { kind: 'error' } {
  return isHubError(error) ? failure(error.code, error.detail) : failure('HATAGO_INTERNAL');
}
