import { IncomingMessage } from 'node:http';

/** Takes a whole body, or hears once that it is larger than it may be. */
export type TakeBody = (body: Uint8Array | 'too_large') => void;

const EMPTY = new Uint8Array(0);

/**
 * A request whose body can be had in one piece. The parser hands every chunk, and null at the end, to `push`; taking them
 * there spares the whole machinery of a stream, events and ticks included. It is a method of a class, for a function that
 * is set on each request has V8 keep the request, its connection and its answer until the next full collection.
 */
export class NodeMessage extends IncomingMessage {
  #take: TakeBody | undefined;
  #maxBytes = 0;
  #size = 0;
  #only: Buffer | undefined;
  #more: Buffer[] | undefined;

  /** Has the body handed over when it is complete; to be called before any of it has come. */
  readBody(maxBytes: number, take: TakeBody): void {
    (this as { _consumed?: boolean })._consumed = true;
    this.#maxBytes = maxBytes;
    this.#take = take;
  }

  override push(chunk: Buffer | null, encoding?: BufferEncoding): boolean {
    const take = this.#take;
    if (take === undefined) return super.push(chunk, encoding);
    if (chunk === null) {
      if (this.#size <= this.#maxBytes) take(this.#whole());
      return false;
    }
    const before = this.#size;
    this.#size += chunk.length;
    if (this.#size <= this.#maxBytes) this.#keep(chunk);
    else {
      this.#only = undefined;
      this.#more = undefined;
      // Only the chunk that goes over the limit still finds the size before it within.
      if (before <= this.#maxBytes) take('too_large');
    }
    return true;
  }

  #keep(chunk: Buffer): void {
    if (this.#only === undefined) this.#only = chunk;
    else if (this.#more === undefined) this.#more = [this.#only, chunk];
    else this.#more.push(chunk);
  }

  #whole(): Uint8Array {
    return this.#more === undefined ? (this.#only ?? EMPTY) : Buffer.concat(this.#more, this.#size);
  }
}
