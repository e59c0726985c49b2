import { editObject, Payload } from '@hatago/protocol';
import { type Canceller, createCanceller } from '../core/cancel.ts';
import type { Exchange, Notification } from '../core/exchange.ts';

/**
 * One request to a server on behalf of several that ask for the very same: the newest hears what comes up, and it is
 * cancelled when the last of them is.
 */
export class SharedRun implements Exchange {
  readonly method: string;
  readonly params: Payload;
  readonly envelope: Exchange['envelope'];
  readonly principal: Exchange['principal'];
  readonly route: string;
  readonly session: Exchange['session'];
  readonly signal: Canceller = createCanceller();
  readonly #joined = new Map<Exchange, () => void>();

  constructor(first: Exchange) {
    this.method = first.method;
    this.params = first.params;
    this.envelope = first.envelope;
    this.principal = first.principal;
    this.route = first.route;
    this.session = first.session;
    this.join(first);
  }

  /** One more waits for the outcome. */
  join(exchange: Exchange): void {
    this.#joined.set(exchange, () => {});
    const leave = exchange.signal.onCancel((reason) => {
      if (this.#joined.delete(exchange) && this.#joined.size === 0) this.signal.cancel(reason);
    });
    if (this.#joined.has(exchange)) this.#joined.set(exchange, leave);
  }

  emit({ method, params }: Notification): void {
    const newest = [...this.#joined.keys()].at(-1);
    if (newest === undefined) return;
    const { progressToken } = newest.envelope;
    if (method !== 'notifications/progress' || progressToken === this.envelope.progressToken) {
      return newest.emit({ method, params });
    }
    if (progressToken === undefined) return;
    newest.emit({
      method,
      params: Payload.ofPieces(editObject(params, { progressToken: JSON.stringify(progressToken) })),
    });
  }

  /** The outcome is there: nobody can cancel it any more. */
  end(): void {
    for (const leave of this.#joined.values()) leave();
    this.#joined.clear();
  }
}
