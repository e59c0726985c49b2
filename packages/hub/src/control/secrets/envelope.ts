import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { err, ok, type Result } from '@hatago/protocol';
import type { MasterKey } from './master-key.ts';

/** One encrypted value. */
export interface Envelope {
  readonly alg: 'A256GCM';
  /** The key it was encrypted with. */
  readonly kid: string;
  /** base64url, as are the next two. */
  readonly iv: string;
  readonly ct: string;
  readonly tag: string;
  /** What it is for, in the user's own words. */
  readonly label?: string;
  /** RFC 3339. */
  readonly updatedAt: string;
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts a value under its name with a fresh nonce. @see NIST SP 800-38D */
export function sealValue(
  key: MasterKey,
  name: string,
  value: string,
  about: Pick<Envelope, 'label' | 'updatedAt'>,
): Envelope {
  const iv = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key.bytes, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(boundTo(key.kid, name));
  const ct = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
  return {
    alg: 'A256GCM',
    kid: key.kid,
    iv: iv.toString('base64url'),
    ct: ct.toString('base64url'),
    tag: cipher.getAuthTag().toString('base64url'),
    ...(about.label === undefined ? undefined : { label: about.label }),
    updatedAt: about.updatedAt,
  };
}

/** The value of an envelope; fails when it was made for another name, with another key, or was changed. */
export function openValue(key: MasterKey, name: string, envelope: Envelope): Result<string, string> {
  const changed = `${name} was encrypted for another name or with another key, or was changed since`;
  try {
    const decipher = createDecipheriv(CIPHER, key.bytes, Buffer.from(envelope.iv, 'base64url'), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(boundTo(envelope.kid, name));
    decipher.setAuthTag(Buffer.from(envelope.tag, 'base64url'));
    const bytes = Buffer.concat([decipher.update(Buffer.from(envelope.ct, 'base64url')), decipher.final()]);
    return ok(bytes.toString('utf8'));
  } catch {
    return err(changed);
  }
}

/** What an envelope is good for: one name, one key. A key id holds no colon. */
const boundTo = (kid: string, name: string): Buffer => Buffer.from(`${kid}:${name}`);
