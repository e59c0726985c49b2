import { type Edits, editObject } from '../edit.ts';
import { META } from '../envelope.ts';
import { isRecord } from '../jsonrpc.ts';
import type { Payload } from '../payload.ts';
import type { Piece } from '../pieces.ts';
import { err, ok, type Result } from '../result.ts';
import { modernServerCapabilities } from './capabilities.ts';

/** What a server said of itself, in the modern shape whatever its era. */
export interface ServerOffer {
  /** The version of an `initialize`; for a discover result the supported ones stand in `versions`. */
  readonly versions: readonly string[];
  readonly capabilities: Record<string, unknown>;
  readonly serverInfo: Record<string, unknown> | undefined;
  readonly instructions: string | undefined;
}

/** The answer to an `initialize` of the version, out of what `server/discover` says. Throws when that is no object. */
export function toInitializeResult(discover: Payload, version: string): Piece[] {
  const meta = discover.member('_meta');
  const object = meta?.isObject() === true ? meta : undefined;
  const edits: { -readonly [name in keyof Edits]: Edits[name] } = {
    resultType: null,
    supportedVersions: null,
    ttlMs: null,
    cacheScope: null,
    protocolVersion: JSON.stringify(version),
    serverInfo: object?.member(META.serverInfo)?.pieces() ?? '{"name":"unknown","version":"0"}',
  };
  if (object !== undefined) {
    const left = object.members()?.names.some((name) => name !== META.serverInfo) === true;
    edits._meta = left ? editObject(object, { [META.serverInfo]: null }) : null;
  }
  if (discover.member('capabilities') === undefined) edits.capabilities = '{}';
  return editObject(discover, edits);
}

/** What an `initialize` was answered with; the error says what is wrong with it. */
export function fromInitializeResult(result: Payload): Result<ServerOffer, string> {
  const value = result.value();
  if (!isRecord(value)) return err('the result of "initialize" is not an object');
  if (typeof value.protocolVersion !== 'string') return err('the result of "initialize" has no protocolVersion');
  return offer(value, [value.protocolVersion], value.serverInfo, modernServerCapabilities);
}

/** What a `server/discover` was answered with; the error says what is wrong with it. */
export function fromDiscoverResult(result: Payload): Result<ServerOffer, string> {
  const value = result.value();
  if (!isRecord(value)) return err('the result of "server/discover" is not an object');
  const versions = value.supportedVersions;
  if (!Array.isArray(versions) || !versions.every((version) => typeof version === 'string')) {
    return err('the result of "server/discover" has no supportedVersions');
  }
  const meta = isRecord(value._meta) ? value._meta : {};
  return offer(value, versions, meta[META.serverInfo], (capabilities) => ({ ...capabilities }));
}

function offer(
  value: Record<string, unknown>,
  versions: readonly string[],
  serverInfo: unknown,
  shape: (capabilities: Record<string, unknown>) => Record<string, unknown>,
): Result<ServerOffer, string> {
  return ok({
    versions,
    capabilities: shape(isRecord(value.capabilities) ? value.capabilities : {}),
    serverInfo: isRecord(serverInfo) ? serverInfo : undefined,
    instructions: typeof value.instructions === 'string' ? value.instructions : undefined,
  });
}
