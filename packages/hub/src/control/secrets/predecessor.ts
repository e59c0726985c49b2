import { createDecipheriv, createHash, pbkdf2Sync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { err, isRecord, ok, type Result } from '@hatago/protocol';

/** Files of the predecessor, read and never written: `secrets.json`, and beside it `master.key` and `master.salt`. */
export interface PredecessorFiles {
  readonly secrets: string;
  readonly key: string;
  readonly salt: string;
}

/** The files that belong to a `secrets.json` of the predecessor. */
export function predecessorFiles(secrets: string): PredecessorFiles {
  const folder = dirname(secrets);
  return { secrets, key: join(folder, 'master.key'), salt: join(folder, 'master.salt') };
}

/** Whether a parsed document is a `secrets.json` of the predecessor. */
export function isPredecessor(value: unknown): value is { secrets: Record<string, unknown> } {
  return isRecord(value) && value['version'] === 1 && isRecord(value['secrets']);
}

/** All values of a `secrets.json` of the predecessor by name; fails when one of them does not open. */
export function readPredecessor(
  value: { secrets: Record<string, unknown> },
  file: string,
): Result<Map<string, string>, string> {
  const values = new Map<string, string>();
  let key: Uint8Array | undefined;
  for (const [name, entry] of Object.entries(value.secrets)) {
    if (!isRecord(entry)) return err(`${file}: ${name} has the wrong form`);
    let found: Record<string, unknown> | undefined;
    if (entry['enc'] === 'none') found = plainOf(entry);
    else {
      const derived = key === undefined ? keyOf(predecessorFiles(file)) : ok(key);
      if (!derived.ok) return derived;
      key = derived.value;
      found = open(entry, key);
    }
    const text = found?.[name];
    if (typeof text !== 'string') {
      return err(`${file}: ${name} does not open with ${predecessorFiles(file).key}; nothing was imported`);
    }
    values.set(name, text);
  }
  return ok(values);
}

function keyOf({ key, salt }: PredecessorFiles): Result<Uint8Array, string> {
  try {
    return ok(pbkdf2Sync(readFileSync(key, 'utf8').trim(), readFileSync(salt), 600_000, 32, 'sha256'));
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    return err(
      `${path ?? key} cannot be read (${code ?? 'unreadable'}): the key and its salt must lie beside the file`,
    );
  }
}

function plainOf({ data, integrity }: Record<string, unknown>): Record<string, unknown> | undefined {
  if (!isRecord(data)) return undefined;
  if (integrity === undefined) return data;
  return createHash('sha256').update(JSON.stringify(data)).digest('base64url') === integrity ? data : undefined;
}

/**
 * It bound a value to a time stamp that it took a moment after the ones it wrote down, and left the labels out, so most
 * files it wrote open only when the next milliseconds are tried as well.
 */
const LATER_MS = 5000;

function open(entry: Record<string, unknown>, key: Uint8Array): Record<string, unknown> | undefined {
  const { iv, tag, ct, created_at: created, updated_at: updated, labels } = entry;
  if (typeof iv !== 'string' || typeof tag !== 'string' || typeof ct !== 'string') return undefined;
  const sealed = { iv: toBytes(iv), tag: toBytes(tag), ct: toBytes(ct) };
  if (sealed.iv.length !== 12 || sealed.tag.length !== 16) return undefined;
  const stamps = [created, updated].filter((stamp): stamp is string => typeof stamp === 'string');
  for (const stamp of stamps) {
    for (const header of [headerOf(stamp, labels), headerOf(stamp, undefined)]) {
      const found = attempt(sealed, key, header);
      if (found !== undefined) return found;
    }
  }
  for (const stamp of stamps.reverse()) {
    const since = Date.parse(stamp);
    if (Number.isNaN(since)) continue;
    for (let later = 1; later <= LATER_MS; later++) {
      const found = attempt(sealed, key, headerOf(new Date(since + later).toISOString(), undefined));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

const toBytes = (text: string): Buffer => Buffer.from(text, 'base64url');

/** The authenticated header: its members in the order of their names. */
function headerOf(created: string, labels: unknown): string {
  return JSON.stringify({
    created_at: created,
    enc: 'A256GCM',
    ...(labels === undefined ? {} : { labels }),
    type: 'hatago/secret',
    version: 1,
  });
}

function attempt(
  sealed: { iv: Buffer; tag: Buffer; ct: Buffer },
  key: Uint8Array,
  header: string,
): Record<string, unknown> | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.iv, { authTagLength: 16 });
    decipher.setAAD(Buffer.from(header));
    decipher.setAuthTag(sealed.tag);
    const value: unknown = JSON.parse(Buffer.concat([decipher.update(sealed.ct), decipher.final()]).toString('utf8'));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
