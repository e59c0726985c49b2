import { CODES, type HubCode } from '@hatago/protocol';
import { isHubError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';

/** What every refusal of the API looks like. */
export interface ApiError {
  readonly error: {
    readonly code: HubCode;
    readonly message: string;
    readonly next: string;
    /** Found in the log of the hub too. */
    readonly correlationId: string;
    /** One line per fault, with file, line and column where they are known. */
    readonly details?: readonly string[];
  };
}

/** HTTP status of a row of the error table here; on the wire of the protocol it is another. */
const STATUS: Partial<Readonly<Record<HubCode, number>>> = {
  HATAGO_PARSE: 400,
  HATAGO_INVALID_PARAMS: 422,
  HATAGO_NOT_FOUND: 404,
  HATAGO_CONFIG_SYNTAX: 422,
  HATAGO_CONFIG_INVALID: 422,
  HATAGO_CONFIG_NOT_FOUND: 409,
  HATAGO_UPSTREAM_UNAVAILABLE: 502,
  HATAGO_UPSTREAM_LOST: 502,
  HATAGO_UPSTREAM_TIMEOUT: 504,
  HATAGO_UPSTREAM_PROTOCOL: 502,
  HATAGO_UPSTREAM_AUTH_REQUIRED: 409,
  HATAGO_RUNTIME_MISSING: 409,
  HATAGO_SECRET_MISSING: 409,
  HATAGO_NEEDS_APPROVAL: 409,
  HATAGO_QUARANTINED: 409,
  HATAGO_INTERNAL: 500,
};

/** The answer a failure becomes; of what nobody foresaw only the log tells more than its correlation id. */
export function toApiError(error: unknown, log: Log): { readonly status: number; readonly body: ApiError } {
  const correlationId = crypto.randomUUID();
  const code: HubCode = isHubError(error) ? error.code : 'HATAGO_INTERNAL';
  const row = CODES[code];
  const detail = isHubError(error) ? error.detail : {};
  if (!isHubError(error)) {
    log({
      level: 'error',
      event: 'admin.internal',
      message: 'the admin API failed',
      correlationId,
      cause: String(error),
    });
  }
  const { details, next } = detail.data ?? {};
  return {
    status: STATUS[code] ?? row.http ?? 400,
    body: {
      error: {
        code,
        message: detail.message ?? row.message.replace('{server}', () => detail.server ?? 'The server'),
        next: typeof next === 'string' ? next : row.next,
        correlationId,
        ...(Array.isArray(details) && details.length > 0 ? { details: details as string[] } : {}),
      },
    },
  };
}
