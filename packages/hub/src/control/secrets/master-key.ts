import { createHash, hkdfSync } from 'node:crypto';

/** Where a key is kept. */
export type KeyPlace = 'keyring' | 'environment' | 'file';

/** The key that values are encrypted with. */
export interface MasterKey {
  /** Tells one key from another without giving it away. */
  readonly kid: string;
  /** 32 bytes. */
  readonly bytes: Uint8Array;
  readonly place: KeyPlace;
}

/** Length of every key, in bytes. */
export const KEY_BYTES = 32;

/** A key by its bytes. */
export function toMasterKey(bytes: Uint8Array, place: KeyPlace): MasterKey {
  const kid = createHash('sha256').update('hatago key id\0').update(bytes).digest('hex').slice(0, 16);
  return { kid, bytes, place };
}

/** The key that the whole file is authenticated with, a different one from that of the values. @see RFC 5869 */
export function fileKeyOf(key: MasterKey): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key.bytes, new Uint8Array(0), 'hatago secrets file', KEY_BYTES));
}

/** The bytes of a key written as 64 hexadecimal digits or as base64; undefined for any other text. */
export function parseKeyText(text: string): Uint8Array | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex');
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === KEY_BYTES ? bytes : undefined;
}
