import { joinPieces, type Piece } from '@hatago/protocol';
import type { HttpEdge } from './http.ts';
import type { HttpReply, HttpRequest } from './reply.ts';

/** Answers web-standard requests, for hubs embedded in another server. */
export type FetchHandler = (request: Request, remote?: string) => Promise<Response>;

/** The edge as a `fetch`-shaped handler. */
export function createFetch(edge: HttpEdge): FetchHandler {
  return (request, remote) => {
    const reply = new FetchReply(request.signal);
    edge.handle(new FetchRequest(request, remote), reply);
    return reply.response;
  };
}

class FetchRequest implements HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly remote: string | undefined;
  readonly #request: Request;
  readonly #host: string;

  constructor(request: Request, remote: string | undefined) {
    const url = new URL(request.url);
    this.method = request.method;
    this.path = url.pathname;
    this.query = url.search.slice(1);
    this.remote = remote;
    this.#request = request;
    this.#host = url.host;
  }

  header(lowerCaseName: string): string | undefined {
    const value = this.#request.headers.get(lowerCaseName);
    // A request that was never on a wire has its host in the URL alone.
    return value ?? (lowerCaseName === 'host' ? this.#host : undefined);
  }

  readBody(maxBytes: number, done: (body: Uint8Array | 'too_large') => void): void {
    readAll(this.#request, maxBytes).then(done, () => {});
  }
}

async function readAll(request: Request, maxBytes: number): Promise<Uint8Array | 'too_large'> {
  const reader = request.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const read = await reader?.read();
    if (read === undefined || read.done) return joinPieces(chunks);
    size += read.value.length;
    if (size > maxBytes) {
      reader?.cancel().catch(() => {});
      return 'too_large';
    }
    chunks.push(read.value);
  }
}

class FetchReply implements HttpReply {
  extraHeaders: readonly string[] | undefined;
  readonly response: Promise<Response>;
  #resolve: (response: Response) => void = () => {};
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #calls: ((delivered: boolean) => void)[] = [];
  #done = false;
  #over = false;

  constructor(signal: AbortSignal) {
    this.response = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    signal.addEventListener('abort', () => this.#close(false), { once: true });
  }

  get closed(): boolean {
    return this.#done || this.#over;
  }

  get bufferedBytes(): number {
    return Math.max(0, -(this.#controller?.desiredSize ?? 0));
  }

  send(status: number, headers: readonly string[], body?: readonly Piece[]): void {
    if (this.closed) return;
    const bytes = body === undefined ? null : joinPieces(body);
    this.#resolve(new Response(bytes as Uint8Array<ArrayBuffer> | null, { status, headers: this.#pairs(headers) }));
    this.#close(true);
  }

  open(status: number, headers: readonly string[]): void {
    if (this.closed) return;
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: () => this.#close(false),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
    );
    this.#resolve(new Response(stream, { status, headers: this.#pairs(headers) }));
  }

  write(pieces: readonly Piece[]): void {
    if (!this.closed) this.#controller?.enqueue(joinPieces(pieces));
  }

  end(): void {
    if (this.closed) return;
    this.#done = true;
    this.#controller?.close();
    this.#close(true);
  }

  destroy(): void {
    if (this.#over) return;
    this.#controller?.error(new Error('the stream was closed'));
    this.#close(false);
  }

  onClose(call: (delivered: boolean) => void): void {
    this.#calls.push(call);
  }

  #close(delivered: boolean): void {
    if (this.#over) return;
    this.#over = true;
    for (const call of this.#calls.splice(0)) call(delivered);
  }

  #pairs(flat: readonly string[]): [string, string][] {
    const all = [...flat, ...(this.extraHeaders ?? [])];
    return all.flatMap((name, at) => (at % 2 === 0 ? [[name, all[at + 1] as string] as [string, string]] : []));
  }
}
