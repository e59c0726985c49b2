import type { Handler, Middleware } from './exchange.ts';

/** One handler out of the chain and the terminal handler, composed once per generation. */
export function compose(chain: readonly Middleware[], last: Handler): Handler {
  return chain.reduceRight<Handler>((next, middleware) => (exchange) => middleware(exchange, next), last);
}
