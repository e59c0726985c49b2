import { failure } from '../core/errors.ts';
import type { Outcome } from '../core/exchange.ts';
import type { LinkFailure } from './link.ts';
import type { UpstreamSpec } from './spec.ts';

/** Why a server cannot take a request now. */
export interface Hindrance {
  readonly spec: UpstreamSpec;
  /** It was stopped by hand. */
  readonly stopped: boolean;
  /** It fell too often. */
  readonly givenUp: boolean;
  /** How the last attempt to reach it failed. */
  readonly failure: LinkFailure | undefined;
  /** When it is tried again, in milliseconds from now. */
  readonly retryAfterMs: number | undefined;
}

/** The outcome of a request that was not sent, with what the caller can do about it; never text of the server. */
export function cannotServe({ spec, stopped, givenUp, failure: why, retryAfterMs }: Hindrance): Outcome {
  const server = spec.id;
  if (spec.blocked !== undefined) {
    const { code, message, fix } = spec.blocked;
    // A path tells of the machine; whoever may see it finds it in the hub's own status.
    if (/[\\/]/.test(message)) return failure(code, { server });
    return failure(code, { server, message: `${server}: ${message}${fix === undefined ? '' : ` Run "${fix}".`}` });
  }
  const start = `Start it with "hatago start ${server}".`;
  if (stopped) {
    const message = `${server} was stopped by hand; the request was not sent. ${start}`;
    return failure('HATAGO_UPSTREAM_UNAVAILABLE', { server, message });
  }
  if (why?.kind === 'auth') return failure('HATAGO_UPSTREAM_AUTH_REQUIRED', { server });
  if (why?.kind === 'runtime') {
    const message = `${server} needs a program that is not installed here; the request was not sent. ${why.fix}`;
    return failure('HATAGO_RUNTIME_MISSING', { server, message });
  }
  if (givenUp) {
    const message = `${server} ended too often and is left alone; the request was not sent. See "hatago logs ${server}" for the reason. ${start}`;
    return failure('HATAGO_UPSTREAM_UNAVAILABLE', { server, message });
  }
  return failure('HATAGO_UPSTREAM_UNAVAILABLE', { server, retryAfterMs: Math.max(0, Math.round(retryAfterMs ?? 0)) });
}
