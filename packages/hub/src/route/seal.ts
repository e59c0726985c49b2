import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { err, ok, type Result } from '@hatago/protocol';

/** Why a sealed text was not opened. */
export type SealError = 'malformed' | 'unknown_key' | 'forged' | 'expired';

/** Turns values into texts that only holders of the key can read or make. */
export interface Sealer {
  /** Seals a JSON value; `use` says what for, and a text opens for that use alone. Without `ttlMs` it never expires. */
  seal(use: string, value: unknown, ttlMs?: number): string;
  /** Opens what {@link Sealer.seal} made; anything else fails. */
  open(use: string, text: string): Result<unknown, SealError>;
}

const FORMAT = 1;
const KEY_ID = 4;
const IV = 12;
const TAG = 16;
const HEAD = 1 + KEY_ID + IV;

/**
 * Seals with the first of the keys and opens with any of them, so that a key can be replaced while texts sealed with it
 * are about.
 * @throws RangeError when there is no key or one is not 32 bytes long
 * @see NIST SP 800-38D (AES-256-GCM)
 */
export function createSealer(keys: readonly Uint8Array[], now: () => number): Sealer {
  if (keys.length === 0) throw new RangeError('createSealer: keys must hold at least one key');
  const ring = keys.map((key) => {
    if (key.length !== 32) throw new RangeError(`createSealer: a key must be 32 bytes long, not ${key.length}`);
    return { key, id: createHash('sha256').update('hatago key id').update(key).digest().subarray(0, KEY_ID) };
  });
  const first = ring[0] as (typeof ring)[number];
  return {
    seal(use, value, ttlMs) {
      const iv = randomBytes(IV);
      const cipher = createCipheriv('aes-256-gcm', first.key, iv);
      cipher.setAAD(Buffer.from(use));
      const plain = JSON.stringify([ttlMs === undefined ? null : now() + ttlMs, value]);
      const parts = [Buffer.of(FORMAT), first.id, iv, cipher.update(plain, 'utf8'), cipher.final()];
      return Buffer.concat([...parts, cipher.getAuthTag()]).toString('base64url');
    },
    open(use, text) {
      const bytes = Buffer.from(text, 'base64url');
      // The decoder skips what is no base64url, and the last character has bits to spare: only one spelling is ours.
      if (bytes.length < HEAD + TAG || bytes[0] !== FORMAT || bytes.toString('base64url') !== text) {
        return err('malformed');
      }
      const entry = ring.find(({ id }) => id.equals(bytes.subarray(1, 1 + KEY_ID)));
      if (entry === undefined) return err('unknown_key');
      let plain: string;
      try {
        const decipher = createDecipheriv('aes-256-gcm', entry.key, bytes.subarray(1 + KEY_ID, HEAD), {
          authTagLength: TAG,
        });
        decipher.setAAD(Buffer.from(use));
        decipher.setAuthTag(bytes.subarray(bytes.length - TAG));
        plain = decipher.update(bytes.subarray(HEAD, bytes.length - TAG), undefined, 'utf8') + decipher.final('utf8');
      } catch {
        return err('forged');
      }
      const [expiresAt, value] = JSON.parse(plain) as [number | null, unknown];
      return expiresAt !== null && now() >= expiresAt ? err('expired') : ok(value);
    },
  };
}
