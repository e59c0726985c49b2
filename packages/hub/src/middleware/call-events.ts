import type { Exchange, Middleware, Outcome } from '../core/exchange.ts';
import type { HubEvents } from '../core/hub-event.ts';

/** Options of {@link createCallEvents}. */
export interface CallEventsOptions {
  readonly events: HubEvents;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** The server a public name of the route belongs to. */
  ownerOf(kind: 'tools' | 'prompts', name: string): string | undefined;
}

/** Tells whoever listens of every request that ended; while nobody does, requests pass by untouched. */
export function createCallEvents({ events, now, ownerOf }: CallEventsOptions): Middleware {
  return (exchange, next) => {
    // A stream of changes ends with its client, which is no news.
    if (!events.heard || exchange.method === 'subscriptions/listen') return next(exchange);
    const startedAt = now();
    const tell = (outcome: Outcome['kind']): void => {
      const name = nameOf(exchange);
      const server = name === undefined ? undefined : serverOf(exchange, name, ownerOf);
      events.emit({ type: 'call', method: exchange.method, name, server, outcome, ms: round(now() - startedAt) });
    };
    return next(exchange).then(
      (outcome) => {
        tell(outcome.kind);
        return outcome;
      },
      (error: unknown) => {
        tell('error');
        throw error;
      },
    );
  };
}

const KINDS: Readonly<Record<string, 'tools' | 'prompts'>> = { 'tools/call': 'tools', 'prompts/get': 'prompts' };

function nameOf({ method, params }: Exchange): string | undefined {
  if (method === 'resources/read') return params.text('uri');
  return method in KINDS ? params.text('name') : undefined;
}

function serverOf({ method }: Exchange, name: string, ownerOf: CallEventsOptions['ownerOf']): string | undefined {
  const kind = KINDS[method];
  return kind === undefined ? undefined : ownerOf(kind, name);
}

const round = (ms: number): number => Math.round(ms * 100) / 100;
