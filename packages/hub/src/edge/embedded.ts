import { joinPieces, type RequestId } from '@hatago/protocol';
import { LOCAL } from '../core/exchange.ts';
import type { EdgeDeps } from './deps.ts';
import { createDuplex } from './duplex.ts';

/** A JSON-RPC message as a value. */
export type JsonRpcMessage = { readonly jsonrpc: '2.0'; readonly [member: string]: unknown };

/** A client in the same process: messages go in and come out as values. */
export interface EmbeddedClient {
  /** Sends a request of either era and resolves with its response; its id comes back as it was given. */
  request(message: JsonRpcMessage): Promise<JsonRpcMessage>;
  /** Sends a notification, or the response to a request of the hub's. */
  notify(message: JsonRpcMessage): void;
  close(reason: string): void;
}

/**
 * Connects the embedding program as one client of the route. `on` gets what is no response: notifications, and requests
 * such as `elicitation/create`.
 */
export function connectEmbedded(deps: EdgeDeps, route: string, on: (message: JsonRpcMessage) => void): EmbeddedClient {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const waiting = new Map<string, { id: RequestId; resolve: (message: JsonRpcMessage) => void }>();
  let lastId = 0;
  const duplex = createDuplex(deps, {
    principal: LOCAL,
    route,
    write(pieces) {
      const message = JSON.parse(decoder.decode(joinPieces(pieces))) as JsonRpcMessage;
      const entry = 'method' in message ? undefined : waiting.get(String(message['id']));
      if (entry === undefined) return on(message);
      waiting.delete(String(message['id']));
      entry.resolve({ ...message, id: entry.id });
    },
  });
  return {
    request(message) {
      // An id of our own: callers in one process need not agree on theirs.
      const id = `e${++lastId}`;
      return new Promise((resolve) => {
        waiting.set(id, { id: message['id'] as RequestId, resolve });
        duplex.message(encoder.encode(JSON.stringify({ ...message, id })));
      });
    },
    notify: (message) => duplex.message(encoder.encode(JSON.stringify(message))),
    close(reason) {
      duplex.close(reason);
      const error = { code: -31007, message: reason, data: { kind: 'draining' } };
      for (const { id, resolve } of waiting.values()) resolve({ jsonrpc: '2.0', id, error });
      waiting.clear();
    },
  };
}
