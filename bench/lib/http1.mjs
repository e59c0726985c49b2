// A small incremental HTTP/1.1 message parser, used by the load generator (responses) and by the HTTP
// backend (requests): node:http would cost both more CPU per message than the hub under test is charged.
// It reads Content-Length, chunked and read-until-close bodies; no trailers, no upgrades.

const EMPTY = Buffer.alloc(0);
const HEAD = 0;
const FIXED = 1;
const CHUNK_SIZE = 2;
const CHUNK_DATA = 3;
const CHUNK_END = 4;
const TRAILER = 5;
const UNTIL_CLOSE = 6;

/** Value of one header in a raw head block, '' when absent. `name` must be lower case. */
export function header(head, name) {
  const at = head.toLowerCase().indexOf(`\r\n${name}:`);
  if (at < 0) return '';
  const from = at + name.length + 3;
  const to = head.indexOf('\r\n', from);
  return (to < 0 ? head.slice(from) : head.slice(from, to)).trim();
}

/** Cuts a byte stream into HTTP/1.1 messages. */
export class Http1Parser {
  /**
   * @param {object} handlers
   * @param {boolean} handlers.isRequest true when parsing requests (no read-until-close bodies)
   * @param {(head: string) => boolean} [handlers.onHead] return true to stream the body to onChunk
   * @param {(part: Buffer) => void} [handlers.onChunk]
   * @param {(head: string, body: Buffer) => void} handlers.onMessage
   */
  constructor({ isRequest, onHead, onChunk, onMessage }) {
    this.isRequest = isRequest;
    this.onHead = onHead;
    this.onChunk = onChunk;
    this.onMessage = onMessage;
    this.buf = EMPTY;
    this.reset();
  }

  reset() {
    this.state = HEAD;
    this.head = '';
    this.parts = [];
    this.left = 0;
    this.streaming = false;
  }

  /** Takes the next bytes of the connection. @param {Buffer} data */
  push(data) {
    this.buf = this.buf.length ? Buffer.concat([this.buf, data]) : data;
    while (this.step());
  }

  /** The other side closed: completes a read-until-close body. */
  end() {
    if (this.state === UNTIL_CLOSE) this.finish();
  }

  finish() {
    const { head, parts } = this;
    const body = parts.length === 1 ? parts[0] : parts.length ? Buffer.concat(parts) : EMPTY;
    this.reset();
    this.onMessage(head, body);
  }

  /** Reads the head, when it is complete, and decides how the body is delimited. */
  readHead() {
    const end = this.buf.indexOf('\r\n\r\n');
    if (end < 0) return false;
    this.head = this.buf.latin1Slice(0, end);
    this.buf = this.buf.subarray(end + 4);
    this.streaming = this.onHead ? this.onHead(this.head) : false;
    const lower = this.head.toLowerCase();
    const status = this.isRequest ? 0 : Number(this.head.slice(9, 12));
    const lengthAt = lower.indexOf('\r\ncontent-length:');
    if (status === 204 || status === 304 || (status >= 100 && status < 200)) {
      this.finish();
    } else if (/\r\ntransfer-encoding:[ \t]*chunked/.test(lower)) {
      this.state = CHUNK_SIZE;
    } else if (lengthAt >= 0) {
      this.left = Number.parseInt(lower.slice(lengthAt + 17, lengthAt + 32), 10);
      if (this.left === 0) this.finish();
      else this.state = FIXED;
    } else if (this.isRequest) {
      this.finish();
    } else {
      this.state = UNTIL_CLOSE;
    }
    return this.buf.length > 0;
  }

  /** Makes one step of progress; false when more bytes are needed. */
  step() {
    switch (this.state) {
      case HEAD:
        return this.readHead();
      case FIXED:
        if (!this.buf.length) return false;
        this.takeBody();
        if (this.left === 0) this.finish();
        return this.buf.length > 0;
      case CHUNK_SIZE: {
        const eol = this.buf.indexOf('\r\n');
        if (eol < 0) return false;
        this.left = Number.parseInt(this.buf.latin1Slice(0, eol), 16);
        this.buf = this.buf.subarray(eol + 2);
        this.state = this.left === 0 ? TRAILER : CHUNK_DATA;
        return true;
      }
      case CHUNK_DATA:
        if (!this.buf.length) return false;
        this.takeBody();
        if (this.left === 0) this.state = CHUNK_END;
        return true;
      case CHUNK_END:
      case TRAILER:
        if (this.buf.length < 2) return false;
        this.buf = this.buf.subarray(2);
        if (this.state === TRAILER) this.finish();
        else this.state = CHUNK_SIZE;
        return this.buf.length > 0;
      default:
        if (this.buf.length) this.emit(this.buf);
        this.buf = EMPTY;
        return false;
    }
  }

  takeBody() {
    const n = Math.min(this.left, this.buf.length);
    this.emit(this.buf.subarray(0, n));
    this.buf = this.buf.subarray(n);
    this.left -= n;
  }

  emit(part) {
    if (this.streaming) this.onChunk(part);
    else this.parts.push(part);
  }
}
