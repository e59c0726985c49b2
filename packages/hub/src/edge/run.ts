import { failure, isHubError, toOutcome } from '../core/errors.ts';
import type { Exchange, Outcome } from '../core/exchange.ts';
import type { Generation } from '../core/generation.ts';
import type { EdgeDeps } from './deps.ts';

/**
 * Sends an exchange down its route's chain, on the active generation unless another is given, and calls back once with
 * how it ended, whatever was thrown on the way.
 */
export function runExchange(
  deps: EdgeDeps,
  exchange: Exchange,
  done: (outcome: Outcome) => void,
  generation: Generation = deps.current(),
): void {
  const route = generation.match(exchange.route);
  if (route === undefined) {
    done(failure('HATAGO_NO_ROUTE'));
    return;
  }
  const failed = (error: unknown): void => {
    if (!isHubError(error)) logInternal(deps, exchange.method, error);
    done(toOutcome(error));
  };
  try {
    route
      .handler(exchange)
      .then(done, failed)
      .then(undefined, (error) => logInternal(deps, exchange.method, error));
  } catch (error) {
    failed(error);
  }
}

/** Logs a failure nobody foresaw with its cause; the client gets no detail of it. */
export function logInternal(deps: EdgeDeps, method: string, error: unknown): void {
  const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
  deps.log({ level: 'error', event: 'edge.internal', method, cause });
}
