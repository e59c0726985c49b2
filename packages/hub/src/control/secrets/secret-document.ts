import { createHmac, timingSafeEqual } from 'node:crypto';
import { err, isRecord, ok, type Result } from '@hatago/protocol';
import { SECRET_NAME } from '../secret-reader.ts';
import type { Envelope } from './envelope.ts';
import { fileKeyOf, type KeyPlace, type MasterKey } from './master-key.ts';
import { type Kdf, parseKdf } from './passphrase.ts';

/** The content of `secrets.json`. */
export interface SecretDocument {
  readonly version: 2;
  /** One more with every write, so that an old copy put back is noticed. */
  readonly generation: number;
  readonly kid: string;
  /** Where the key was when the file was written; where it is looked for first. */
  readonly key: KeyPlace;
  /** Present when the key comes from a passphrase. */
  readonly kdf?: Kdf;
  readonly secrets: ReadonlyMap<string, Envelope>;
  /** Over all of the above, base64url; so that no value is taken out or put back unnoticed. */
  readonly mac: string;
}

const MAX_FILE_BYTES = 16 * 1024 * 1024;
const PLACES: ReadonlySet<unknown> = new Set<KeyPlace>(['keyring', 'environment', 'file']);

/** Reads the text of a file of secrets; what is wrong is told with the file and what to do. */
export function parseSecretDocument(text: string, file: string): Result<SecretDocument, string> {
  const restore = 'Nothing was changed. Put a good copy back, or move the file away and set the secrets again';
  if (text.length > MAX_FILE_BYTES) return err(`${file} is larger than ${MAX_FILE_BYTES} bytes. ${restore}.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err(`${file} is not complete JSON; it was cut off or changed. ${restore}.`);
  }
  if (!isRecord(value)) return err(`${file} holds no secrets of Hatago. ${restore}.`);
  if (value['version'] === 1) {
    return err(
      `${file} was written by an earlier Hatago. Take its secrets over with \`hatago secret import ${file}\`; a copy is kept.`,
    );
  }
  if (value['version'] !== 2) {
    return err(
      `${file} was written by a newer Hatago, or is no file of secrets. Update Hatago, or put a good copy back.`,
    );
  }
  const document = toDocument(value);
  return document === undefined ? err(`${file} lacks a part, or one has the wrong form. ${restore}.`) : ok(document);
}

function toDocument(value: Record<string, unknown>): SecretDocument | undefined {
  const { generation, kid, key, kdf, secrets, mac } = value;
  if (!Number.isSafeInteger(generation) || (generation as number) < 1) return undefined;
  if (typeof kid !== 'string' || !PLACES.has(key) || typeof mac !== 'string' || !isRecord(secrets)) return undefined;
  const parsedKdf = kdf === undefined ? undefined : parseKdf(kdf);
  if (kdf !== undefined && parsedKdf === undefined) return undefined;
  const envelopes = new Map<string, Envelope>();
  for (const [name, entry] of Object.entries(secrets)) {
    if (!SECRET_NAME.test(name) || !isEnvelope(entry)) return undefined;
    envelopes.set(name, entry);
  }
  const part = { version: 2, generation: generation as number, kid, key: key as KeyPlace } as const;
  return { ...part, ...(parsedKdf === undefined ? undefined : { kdf: parsedKdf }), secrets: envelopes, mac };
}

function isEnvelope(value: unknown): value is Envelope {
  if (!isRecord(value) || value['alg'] !== 'A256GCM') return false;
  const texts = ['kid', 'iv', 'ct', 'tag', 'updatedAt'].every((member) => typeof value[member] === 'string');
  return texts && (value['label'] === undefined || typeof value['label'] === 'string');
}

/** The text of a file of secrets, authenticated with the key. */
export function formatSecretDocument(document: Omit<SecretDocument, 'version' | 'mac'>, key: MasterKey): string {
  const { generation, kid, key: place, kdf, secrets } = document;
  const about = { version: 2, generation, kid, key: place, ...(kdf === undefined ? undefined : { kdf }) };
  const mac = macOf(document, key).toString('base64url');
  return `${JSON.stringify({ ...about, secrets: Object.fromEntries(secrets), mac }, null, 2)}\n`;
}

/** Whether the file is as it was written with this key. */
export function isGenuine(document: SecretDocument, key: MasterKey): boolean {
  const given = Buffer.from(document.mac, 'base64url');
  const expected = macOf(document, key);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** The order of members in the file and where the key lay do not count. @see RFC 2104 */
function macOf(document: Omit<SecretDocument, 'version' | 'mac'>, key: MasterKey): Buffer {
  const { generation, kid, kdf, secrets } = document;
  const entries = [...secrets]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, e]) => [name, e.alg, e.kid, e.iv, e.ct, e.tag, e.label ?? null, e.updatedAt]);
  const parts = [2, generation, kid, kdf === undefined ? null : [kdf.alg, kdf.salt, kdf.n, kdf.r, kdf.p], entries];
  return createHmac('sha256', fileKeyOf(key)).update(JSON.stringify(parts)).digest();
}
