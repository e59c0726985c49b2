import { createHash, randomBytes, scryptSync } from 'node:crypto';
import { isRecord } from '@hatago/protocol';
import { KEY_BYTES } from './master-key.ts';

/** How a key was made from a passphrase. @see RFC 7914 */
export interface Kdf {
  readonly alg: 'scrypt';
  /** base64url. */
  readonly salt: string;
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

/** A passphrase shorter than this is refused for new keys. */
export const MIN_PASSPHRASE = 12;

/** What a file may ask for at most, so that a changed one cannot exhaust the machine. */
const MAX = { n: 1 << 20, r: 16, p: 8 } as const;

const derived = new Map<string, Uint8Array>();

/** Fresh parameters: 128 MiB and a few tenths of a second per guess. */
export function newKdf(): Kdf {
  return { alg: 'scrypt', salt: randomBytes(16).toString('base64url'), n: 1 << 17, r: 8, p: 1 };
}

/** The 32 bytes of a passphrase; computed once per process. */
export function deriveKey(passphrase: string, kdf: Kdf): Uint8Array {
  const known = createHash('sha256')
    .update(JSON.stringify([passphrase, kdf]))
    .digest('base64');
  const found = derived.get(known);
  if (found !== undefined) return found;
  const { n, r, p } = kdf;
  const bytes = scryptSync(passphrase, Buffer.from(kdf.salt, 'base64url'), KEY_BYTES, {
    N: n,
    r,
    p,
    maxmem: 256 * n * r,
  });
  derived.set(known, bytes);
  return bytes;
}

/** Parameters as a file holds them; undefined when they are none of ours. */
export function parseKdf(value: unknown): Kdf | undefined {
  if (!isRecord(value) || value['alg'] !== 'scrypt' || typeof value['salt'] !== 'string') return undefined;
  const { salt, n, r, p } = value as Record<string, unknown> & { salt: string };
  const whole = (x: unknown, max: number): x is number =>
    Number.isInteger(x) && (x as number) > 0 && (x as number) <= max;
  if (!whole(n, MAX.n) || !whole(r, MAX.r) || !whole(p, MAX.p) || (n & (n - 1)) !== 0) return undefined;
  return { alg: 'scrypt', salt, n, r, p };
}
