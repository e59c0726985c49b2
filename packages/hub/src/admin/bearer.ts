import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const TOKEN_BYTES = 32;
const BEARER = /^bearer +([\x21-\x7e]{1,512})$/i;

/** A fresh token of 256 random bits. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/**
 * Makes the check of an `Authorization` header against the tokens; takes the same time whichever part of a token is wrong.
 * @see RFC 6750 section 2.1
 */
export function createBearerCheck(tokens: readonly string[]): (authorization: string | undefined) => boolean {
  const known = tokens.map(digest);
  return (authorization) => {
    const token = BEARER.exec(authorization ?? '')?.[1];
    if (token === undefined) return false;
    const sent = digest(token);
    let found = false;
    for (const candidate of known) found = timingSafeEqual(candidate, sent) || found;
    return found;
  };
}

const digest = (token: string): Buffer => createHash('sha256').update(token).digest();
