import type { Socket } from 'node:net';
import { type Answering, PlainAnswer } from './plain-answer.ts';
import { PlainRequest, readPlain } from './plain-request.ts';
import type { HttpRequest } from './reply.ts';
import type { Roster, Watched } from './roster.ts';

/** What the connections of one listener share. */
export interface PlainHost {
  readonly roster: Roster<PlainConnection>;
  readonly maxHeaderBytes: number;
  readonly headersTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** No further request is taken. */
  readonly closing: boolean;
  /** {@link Answering.commonHeaders} */
  commonHeaders(): string;
  handle(request: HttpRequest, answer: PlainAnswer): void;
  /** Gives the connection to Node's own parser for good; the bytes are what came and was not read. */
  handOver(socket: Socket, bytes: Buffer): void;
}

const OWNER = Symbol('connection');
type Owned = Socket & { [OWNER]?: PlainConnection };

/** What may come while a request is being answered, in bytes; behind that the client is not read. */
const MOST_AHEAD = 64 * 1024;
const TIMED_OUT = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

/**
 * A connection of which every request so far was plain and came in one piece. The first that is not, in any way, goes to
 * `node:http` with all that follows: nothing is judged here that could be judged differently.
 */
export class PlainConnection implements Answering, Watched {
  slot: number | undefined;
  readonly socket: Socket;
  readonly #host: PlainHost;
  #answer: PlainAnswer | undefined;
  /** What came behind the request that is being answered. */
  #ahead: Buffer[] | undefined;
  #aheadBytes = 0;
  #idleSinceMs: number | undefined;
  #hasServed = false;

  constructor(socket: Socket, host: PlainHost) {
    this.socket = socket;
    this.#host = host;
    (socket as Owned)[OWNER] = this;
    socket.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
    host.roster.add(this);
  }

  commonHeaders(): string {
    return this.#host.commonHeaders();
  }

  take(bytes: Buffer): void {
    if (this.#answer === undefined) return this.#read(bytes);
    this.#ahead ??= [];
    this.#ahead.push(bytes);
    this.#aheadBytes += bytes.length;
    if (this.#aheadBytes > MOST_AHEAD) this.socket.pause();
  }

  answered(delivered: boolean): void {
    this.#answer = undefined;
    this.#idleSinceMs = undefined;
    if (!delivered) return;
    if (this.#host.closing) return this.socket.destroySoon();
    const ahead = this.#ahead;
    if (ahead === undefined) return;
    this.#ahead = undefined;
    this.#aheadBytes = 0;
    this.#read(ahead.length === 1 ? (ahead[0] as Buffer) : Buffer.concat(ahead));
    if (this.#aheadBytes <= MOST_AHEAD) this.socket.resume();
  }

  /** The client sends nothing more: it has gone, unless it only waits for the rest of an answer. */
  ended(): void {
    if (this.#answer?.ended === true) this.socket.end();
    else this.socket.destroy();
  }

  closed(): void {
    this.#host.roster.remove(this);
    this.#answer?.settle(false);
  }

  check(nowMs: number): void {
    if (this.#answer !== undefined) return;
    this.#idleSinceMs ??= nowMs;
    const idleMs = nowMs - this.#idleSinceMs;
    if (this.#hasServed) {
      if (idleMs >= this.#host.keepAliveTimeoutMs) this.socket.destroy();
    } else if (idleMs >= this.#host.headersTimeoutMs) {
      this.socket.write(TIMED_OUT);
      this.socket.destroySoon();
    }
  }

  /** Closes it as soon as nothing is being answered. */
  retire(): void {
    if (this.#answer === undefined) this.socket.destroy();
  }

  #read(bytes: Buffer): void {
    const host = this.#host;
    const found = readPlain(bytes, host.maxHeaderBytes);
    if (found === undefined) return this.#handOver(bytes);
    if (found.size < bytes.length) {
      this.#ahead = [bytes.subarray(found.size)];
      this.#aheadBytes = bytes.length - found.size;
    }
    this.#hasServed = true;
    this.#answer = new PlainAnswer(this);
    host.handle(new PlainRequest(found, this.socket), this.#answer);
  }

  #handOver(bytes: Buffer): void {
    const { socket } = this;
    this.#host.roster.remove(this);
    socket.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
    (socket as Owned)[OWNER] = undefined;
    this.#host.handOver(socket, bytes);
  }
}

// One function for all connections, and not one of its own for each.

function onData(this: Owned, bytes: Buffer): void {
  this[OWNER]?.take(bytes);
}

function onEnd(this: Owned): void {
  this[OWNER]?.ended();
}

/** What became of it is told by 'close'. */
function onError(): void {}

function onClose(this: Owned): void {
  this[OWNER]?.closed();
}
