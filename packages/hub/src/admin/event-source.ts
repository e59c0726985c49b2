import { sseEvent } from '@hatago/protocol';
import * as z from 'zod/mini';
import type { HubEvents } from '../core/hub-event.ts';
import { EventStream, type StreamKeeper } from '../edge/event-stream.ts';
import type { HttpReply, HttpRequest } from '../edge/reply.ts';
import type { Endpoint } from './endpoint.ts';

/** The stream of events, as the document describes it; what answers it is {@link streamEvents}. */
export const EVENTS_ENDPOINT: Endpoint = {
  method: 'GET',
  path: '/events',
  operationId: 'streamEvents',
  summary: 'What happens in the hub, as server-sent events; Last-Event-ID continues where a stream was cut',
  query: z.object({ after: z.optional(z.string()) }),
  type: 'text/event-stream',
  response: z.object({
    seq: z.int(),
    at: z.number(),
    type: z.enum(['server.state', 'server.lists', 'generation', 'config.rejected', 'session', 'call']),
  }),
  run: () => Promise.reject(new Error('the stream of events is answered by itself')),
};

/** What one stream is made of. */
export interface EventSourceOptions {
  readonly events: HubEvents;
  readonly keeper: StreamKeeper;
  readonly request: HttpRequest;
  readonly reply: HttpReply;
}

/**
 * Sends every event from now on, and first those kept since the one the client saw last. A client that reads too slowly is
 * cut off; it may come back for what it missed.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function streamEvents({ events, keeper, request, reply }: EventSourceOptions): void {
  const after = cursorOf(request);
  const stream = new EventStream(keeper, reply);
  const stop = events.listen((event) => {
    stream.send(sseEvent([`${JSON.stringify(event)}`], String(event.seq)));
  }, after);
  reply.onClose(stop);
}

function cursorOf(request: HttpRequest): number | undefined {
  const text = request.header('last-event-id') ?? new URLSearchParams(request.query).get('after') ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
