import type { CarrierExchange, CarrierRequest, CarrierSink } from './carrier.ts';
import type { LinkEvents, LinkNote } from './link.ts';

/** A call as its link keeps it. */
export interface HostedCall {
  readonly id: number;
  abort(): void;
}

/** What the requests of an HTTP link share. */
export interface HttpHost {
  readonly events: LinkEvents;
  readonly maxMessageBytes: number;
  /** What is sent without a protocol version of its own carries a session id. */
  readonly hasSession: boolean;
  note(note: LinkNote): void;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Sends a GET for a stream, with the session's headers. */
  getStream(lastEventId: string | undefined, sink: CarrierSink): CarrierExchange;
  /** Sends a request as it is. */
  request(request: CarrierRequest, sink: CarrierSink): CarrierExchange;
  /** Delay before an attempt to open a stream again, in milliseconds. */
  retryDelay(attempt: number, retryMs: number | undefined): number;
  /** The call is over and its connection free. */
  ended(call: HostedCall): void;
  /** The call has its answer, and its stream has not ended yet. */
  lingers(call: HostedCall): void;
}

/** Whether a content type is the media type, whatever its case and parameters. */
export function isMediaType(contentType: string | undefined, mediaType: string): boolean {
  if (contentType === undefined) return false;
  if (contentType === mediaType) return true;
  const end = contentType.indexOf(';');
  return (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase() === mediaType;
}

/** Chunks of a body in one array; a single one as it is. */
export function joinChunks(chunks: readonly Uint8Array[]): Uint8Array {
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
}
