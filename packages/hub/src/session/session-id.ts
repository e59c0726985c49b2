import { randomBytes } from 'node:crypto';

const ID_BYTES = 18;
const HANDLE_BYTES = 6;
/** Random bytes are drawn for this many at a time: each draw is a call into the crypto library. */
const DRAW_BYTES = 1536;
let drawn: Buffer = Buffer.alloc(0);

/** A fresh session id: 144 random bits in visible ASCII. Who knows it can continue the session. */
export function newSessionId(): string {
  return draw(ID_BYTES, 'base64url');
}

/** What a session is called where it is shown: random too, so that nobody can continue the session with it. */
export function newSessionHandle(): string {
  return draw(HANDLE_BYTES, 'hex');
}

function draw(bytes: number, encoding: 'base64url' | 'hex'): string {
  if (drawn.length < bytes) drawn = randomBytes(DRAW_BYTES);
  const text = drawn.toString(encoding, 0, bytes);
  drawn.fill(0, 0, bytes);
  drawn = drawn.subarray(bytes);
  return text;
}
