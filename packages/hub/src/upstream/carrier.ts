/** One HTTP request of a link. */
export interface CarrierRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Names and values in turn, besides those the carrier was made with. */
  readonly headers: readonly string[];
  readonly body?: Uint8Array;
  /** Path and query. @default those of the carrier's URL */
  readonly path?: string;
}

/** What becomes of a {@link CarrierRequest}; nothing is called from inside `request`, nor after `end`, `error` or an abort. */
export interface CarrierSink {
  /** The response has begun. `header` takes lower-case names and is valid only during the call. */
  head(status: number, header: (name: string) => string | undefined): void;
  data(chunk: Uint8Array): void;
  end(): void;
  /** The request failed; `sent` is false only when it provably never left. */
  error(message: string, sent: boolean): void;
}

/** Carries HTTP requests to one server, over the network or inside the process. */
export interface Carrier {
  readonly url: URL;
  /** Never throws. */
  request(request: CarrierRequest, sink: CarrierSink): CarrierExchange;
  /** Ends everything that is still open; never rejects. */
  close(): Promise<void>;
}

/** A request in flight. */
export interface CarrierExchange {
  /** Ends the request or its response; the sink is not called any more. */
  abort(): void;
}
