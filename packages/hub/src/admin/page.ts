import { HubError } from '../core/errors.ts';
import { NO_LOG } from '../core/log.ts';
import type { HttpPage } from '../edge/http.ts';
import { JSON_HEADERS } from '../edge/reply.ts';
import type { AdminApi } from './api.ts';
import { toApiError } from './api-error.ts';

/** The largest body the API takes, in bytes. */
export const MAX_BODY_BYTES: number = 1024 * 1024;

/** Options of {@link adminPage}. */
export interface AdminPageOptions {
  /** Whether the `Authorization` header allows everything. */
  isAllowed(authorization: string | undefined): boolean;
  /** Makes the API at its first use, so that a hub nobody looks at does not pay for it. */
  api(): Promise<AdminApi>;
}

/**
 * The admin API as a page of the HTTP listener: behind the guard of Host and Origin, and only for who has the token.
 *
 * **Security:** the token is asked for on loopback too, for every program and every user of the machine reaches that.
 */
export function adminPage({ isAllowed, api }: AdminPageOptions): HttpPage {
  return (request, reply) => {
    if (!isAllowed(request.header('authorization'))) {
      const { status, body } = toApiError(new HubError('HATAGO_TOKEN_REQUIRED'), NO_LOG);
      return reply.send(status, [...JSON_HEADERS, 'WWW-Authenticate', 'Bearer'], [JSON.stringify(body)]);
    }
    // The body is taken at once: by the time the API is there it would have gone by.
    request.readBody(MAX_BODY_BYTES, (body) => {
      void api().then((loaded) => loaded.handle(request, reply, body));
    });
  };
}
