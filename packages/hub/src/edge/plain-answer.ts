import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { hasNoBody, type Outlet } from './outlet.ts';

/** Who the answers of a connection belong to. */
export interface Answering {
  readonly socket: Socket;
  /** What stands in every head beside the answer's own headers. */
  commonHeaders(): string;
  /** The answer is over; nothing of it is left unsent when it was delivered. */
  answered(delivered: boolean): void;
}

const UNSAFE = /[^\t -~]/;

/** An answer to a request that was read without Node's parser; framed as `node:http` does. @see RFC 9112 section 6 */
export class PlainAnswer implements Outlet {
  /** All of it was written, though the network may not have taken it yet. */
  ended = false;
  readonly #owner: Answering;
  #isChunked = false;
  #isOver = false;
  #calls: ((delivered: boolean) => void)[] | undefined;

  constructor(owner: Answering) {
    this.#owner = owner;
  }

  get destroyed(): boolean {
    return this.#isOver || this.#owner.socket.destroyed;
  }

  get writableLength(): number {
    return this.#isOver ? 0 : this.#owner.socket.writableLength;
  }

  whole(status: number, headers: readonly string[], text: string): void {
    const framing = hasNoBody(status) ? '' : `Content-Length: ${text.length}\r\n`;
    this.#last(this.#head(status, headers, framing) + text);
  }

  begin(status: number, headers: readonly string[], size?: number): void {
    this.#isChunked = size === undefined;
    const framing = size === undefined ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${size}\r\n`;
    this.#corked().write(this.#head(status, headers, framing), 'latin1');
  }

  write(data: string | Uint8Array): void {
    // An empty chunk would be the last one.
    if (data.length === 0) return;
    const socket = this.#corked();
    const size = this.#isChunked ? `${data.length.toString(16)}\r\n` : '';
    const end = this.#isChunked ? '\r\n' : '';
    if (typeof data === 'string') socket.write(size + data + end, 'latin1');
    else {
      if (size !== '') socket.write(size, 'latin1');
      socket.write(data);
      if (end !== '') socket.write(end, 'latin1');
    }
  }

  end(): void {
    this.#last(this.#isChunked ? '0\r\n\r\n' : '');
  }

  destroy(): void {
    if (!this.#isOver) this.#owner.socket.destroy();
  }

  onClose(call: (delivered: boolean) => void): void {
    this.#calls ??= [];
    this.#calls.push(call);
  }

  /** Ends it where it stands, since its connection is gone or has taken the last of it. */
  settle(delivered: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const call of this.#calls ?? []) call(delivered);
    this.#owner.answered(delivered);
  }

  #last(text: string): void {
    this.ended = true;
    this.#owner.socket.write(text, 'latin1', (error) => this.settle(error == null));
  }

  /** Everything that is written within one tick leaves together. */
  #corked(): Socket {
    const { socket } = this.#owner;
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(uncork, socket);
    }
    return socket;
  }

  /** @throws where a value could end its line: no header may come out of another's text. */
  #head(status: number, headers: readonly string[], framing: string): string {
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
    for (let i = 0; i < headers.length; i += 2) {
      const value = headers[i + 1] as string;
      if (UNSAFE.test(value)) throw new Error(`the header ${headers[i]} has a value that cannot be sent`);
      head += `${headers[i]}: ${value}\r\n`;
    }
    return `${head}${framing}${this.#owner.commonHeaders()}\r\n`;
  }
}

function uncork(socket: Socket): void {
  socket.uncork();
}
