import type { HubCode, WireDetail } from './codes.ts';
import { type Envelope, META, readEnvelope } from './envelope.ts';
import { type Era, MODERN_VERSION, namesModern } from './eras.ts';
import { checkStandardHeaders, trimHeader } from './headers.ts';
import { isRequestId, MAX_ID_LENGTH, type RequestId } from './jsonrpc.ts';
import { childOf, indexOfMember, type Members, valueEnd, valueStart } from './members.ts';
import { type MethodInfo, methodInfo, nameHeaderSource } from './methods.ts';
import { EMPTY_OBJECT, Payload, payloadOf } from './payload.ts';
import { err, ok, type Result } from './result.ts';
import type { Scanned } from './scan.ts';
import { digitsAt, jsonStringAt } from './text.ts';

/** Reads one header of the request by its lower-case name; undefined when it is absent. */
export type HeaderGet = (lowerCaseName: string) => string | undefined;

/** A request, with the envelope where its era has one. */
export type ClassifiedRequest = {
  readonly kind: 'request';
  readonly id: RequestId;
  /** The id as the client wrote it, to be echoed. */
  readonly idBytes: Uint8Array;
  readonly method: string;
  /** What the hub knows of the method; undefined for those of vendors and extensions. */
  readonly info: MethodInfo | undefined;
  /** `{}` when it came without. */
  readonly params: Payload;
  readonly message: Payload;
} & (
  | { readonly era: 'modern'; readonly envelope: Envelope }
  | { readonly era: 'legacy'; readonly envelope?: undefined }
);

/** A notification. */
export interface ClassifiedNotification {
  readonly kind: 'notification';
  readonly era: 'modern' | 'legacy';
  readonly method: string;
  readonly info: MethodInfo | undefined;
  readonly params: Payload;
  readonly message: Payload;
}

/** A response, result or error; only legacy clients send one. */
export interface ClassifiedResponse {
  readonly kind: 'response';
  readonly era: 'legacy';
  /** Undefined for an error that answers no request in particular. */
  readonly id: RequestId | undefined;
  readonly result: Payload | undefined;
  readonly error: Payload | undefined;
  readonly message: Payload;
}

/** A legacy batch, whose elements are to be classified one by one. */
export interface ClassifiedBatch {
  readonly kind: 'batch';
  readonly era: 'legacy';
  readonly elements: readonly Scanned[];
}

/** What one inbound message is. */
export type Classified = ClassifiedRequest | ClassifiedNotification | ClassifiedResponse | ClassifiedBatch;

/** Why a message is refused; `id` is to be echoed. */
export interface Rejection {
  readonly code: HubCode;
  readonly detail: WireDetail;
  readonly id: RequestId | null;
  /** JSON text of `id` as the client wrote it; `null` where there was none to read. */
  readonly idBytes: Uint8Array;
}

const NULL = new Uint8Array([0x6e, 0x75, 0x6c, 0x6c]);
const VERSION_HEADER = 'mcp-protocol-version';

/** What is known of a message while it climbs the ladder. */
interface Draft {
  readonly message: Scanned;
  readonly top: Members;
  readonly headers: HeaderGet | undefined;
  /** The protocol version header; always undefined where the transport has no headers. */
  readonly version: string | undefined;
  readonly id: RequestId | undefined;
  readonly idBytes: Uint8Array;
}

/**
 * Says what one inbound message is, or why it is refused, by rules in a fixed order of which the first that is broken
 * counts: shape, era (the body decides), envelope, version, standard headers (`http` only), method. A notification
 * without an envelope on a `duplex` transport is called legacy: there, only the connection knows.
 * @see MCP 2026-07-28 streamable HTTP and basic/versioning
 */
export function classify(
  headers: HeaderGet,
  message: Scanned,
  transport: 'http' | 'duplex',
): Result<Classified, Rejection> {
  const header = transport === 'http' ? headers(VERSION_HEADER) : undefined;
  const version = header === undefined ? undefined : trimHeader(header);
  if (message.elements !== undefined) return classifyBatch(message.elements, version);
  const { top } = message;
  if (top === undefined) return refuse(undefined, 'HATAGO_INVALID_REQUEST', 'A message must be a JSON object.');
  const at = indexOfMember(top, 'id');
  const idBytes = at === -1 ? NULL : message.source.subarray(valueStart(top, at), valueEnd(top, at));
  const id = at === -1 ? undefined : readId(idBytes);
  const draft: Draft = {
    message,
    top,
    headers: transport === 'http' ? headers : undefined,
    version,
    id,
    idBytes: id === undefined ? NULL : idBytes,
  };
  if (textOf(message.source, top, 'jsonrpc') !== '2.0') return invalid(draft, '"jsonrpc" must be "2.0".');
  const hasResult = top.names.includes('result');
  const hasError = top.names.includes('error');
  if (!top.names.includes('method')) return classifyResponse(draft, at !== -1, hasResult, hasError);
  const method = textOf(message.source, top, 'method');
  if (method === undefined) return invalid(draft, '"method" must be a string.');
  if (hasResult || hasError) return invalid(draft, 'A message cannot be a request and a response.');
  if (at !== -1 && id === undefined)
    return invalid(draft, `"id" must be an integer or a string of at most ${MAX_ID_LENGTH} characters.`);
  const params = memberPayload(message.source, top, 'params');
  if (params !== undefined && !params.isObject()) return invalid(draft, '"params" must be an object.');
  return id === undefined
    ? classifyNotification(draft, method, params ?? EMPTY_OBJECT)
    : classifyRequest(draft, id, method, params ?? EMPTY_OBJECT);
}

function classifyBatch(elements: readonly Scanned[], version: string | undefined): Result<Classified, Rejection> {
  if (elements.length === 0) return refuse(undefined, 'HATAGO_INVALID_REQUEST', 'A batch must not be empty.');
  const modern = (element: Scanned) =>
    childOf(childOf(element.top, 'params'), '_meta')?.names.includes(META.protocolVersion);
  if ((version !== undefined && namesModern(version)) || elements.some(modern)) {
    return refuse(undefined, 'HATAGO_INVALID_REQUEST', `Protocol version ${MODERN_VERSION} has no batches.`);
  }
  return ok({ kind: 'batch', era: 'legacy', elements });
}

function classifyResponse(
  draft: Draft,
  hasId: boolean,
  hasResult: boolean,
  hasError: boolean,
): Result<Classified, Rejection> {
  const { id, message, top, version } = draft;
  if (hasResult === hasError) return invalid(draft, 'It has neither a method nor one of result and error.');
  if (version !== undefined && namesModern(version)) {
    return invalid(draft, `Protocol version ${MODERN_VERSION} has no responses from clients.`);
  }
  const result = memberPayload(message.source, top, 'result');
  const error = memberPayload(message.source, top, 'error');
  // An error may be about a message whose id could not be read; a result always answers a request.
  if (id === undefined && (hasResult || (hasId && !isNull(message.source, top)))) {
    return invalid(draft, 'The "id" of the response is missing or not valid.');
  }
  if (error !== undefined && !error.isObject()) return invalid(draft, '"error" must be an object.');
  return ok({ kind: 'response', era: 'legacy', id, result, error, message: payloadOf(message) });
}

function classifyRequest(draft: Draft, id: RequestId, method: string, params: Payload): Result<Classified, Rejection> {
  const { message, version } = draft;
  const info = methodInfo(method);
  const meta = metaOf(params);
  const claims = meta?.members()?.names.includes(META.protocolVersion) === true;
  const envelope = claims ? readEnvelope(meta as Payload) : undefined;
  const handshake = method === 'initialize' && !(envelope?.ok === true && namesModern(envelope.value.protocolVersion));
  const modernHeader = version !== undefined && namesModern(version);
  if (envelope === undefined || handshake) {
    if (!modernHeader) {
      return ok({
        kind: 'request',
        era: 'legacy',
        id,
        idBytes: draft.idBytes,
        method,
        info,
        params,
        message: payloadOf(message),
      });
    }
    if (handshake) {
      return refuse(
        draft,
        'HATAGO_HEADER_MISMATCH',
        `The MCP-Protocol-Version header names ${version}, which has no "initialize".`,
      );
    }
    const lacks = meta === undefined ? 'params._meta' : META.protocolVersion;
    return refuse(
      draft,
      'HATAGO_ENVELOPE_INVALID',
      `The MCP-Protocol-Version header names ${version}, but ${lacks} is missing.`,
    );
  }
  if (!envelope.ok)
    return refuse(draft, 'HATAGO_ENVELOPE_INVALID', `The request's envelope is not valid: ${envelope.error}.`);
  const { protocolVersion } = envelope.value;
  const unfit = versionFault(draft, protocolVersion);
  if (unfit !== undefined) return unfit;
  if (draft.headers !== undefined) {
    const source = nameHeaderSource(method);
    const target = source === undefined ? undefined : params.text(source);
    const mismatch = checkStandardHeaders(draft.headers, { protocolVersion, method, target });
    if (mismatch !== undefined)
      return refuse(draft, 'HATAGO_HEADER_MISMATCH', `Headers and body disagree: ${mismatch}.`);
  }
  if (info !== undefined && !(info.kind === 'request' && info.eras.includes('modern') && info.from !== 'server')) {
    return refuse(draft, 'HATAGO_METHOD_NOT_FOUND', `Protocol version ${protocolVersion} has no request "${method}".`);
  }
  return ok({
    kind: 'request',
    era: 'modern',
    id,
    idBytes: draft.idBytes,
    method,
    info,
    params,
    envelope: envelope.value,
    message: payloadOf(message),
  });
}

function classifyNotification(draft: Draft, method: string, params: Payload): Result<Classified, Rejection> {
  const { version } = draft;
  const claim = metaOf(params)?.member(META.protocolVersion)?.value();
  if (claim !== undefined && typeof claim !== 'string') {
    return refuse(
      draft,
      'HATAGO_ENVELOPE_INVALID',
      `The notification's envelope is not valid: ${META.protocolVersion} must be a string.`,
    );
  }
  const unfit = claim === undefined ? undefined : versionFault(draft, claim);
  if (unfit !== undefined) return unfit;
  const era: Era = claim !== undefined || (version !== undefined && namesModern(version)) ? 'modern' : 'legacy';
  const named = era === 'modern' ? draft.headers?.('mcp-method') : undefined;
  if (named !== undefined && trimHeader(named) !== method) {
    return refuse(
      draft,
      'HATAGO_HEADER_MISMATCH',
      'Headers and body disagree: the Mcp-Method header differs from the method of the body.',
    );
  }
  return ok({ kind: 'notification', era, method, info: methodInfo(method), params, message: payloadOf(draft.message) });
}

/** A version header that differs from the envelope comes before a version nobody speaks. */
function versionFault(draft: Draft, claimed: string): Result<never, Rejection> | undefined {
  if (draft.version !== undefined && draft.version !== claimed) {
    return refuse(
      draft,
      'HATAGO_HEADER_MISMATCH',
      `Headers and body disagree: the MCP-Protocol-Version header names ${draft.version}, the body ${claimed}.`,
    );
  }
  if (claimed === MODERN_VERSION) return undefined;
  return refuse(draft, 'HATAGO_VERSION_UNSUPPORTED', `Unsupported protocol version: ${claimed}.`, {
    supported: [MODERN_VERSION],
    requested: claimed,
  });
}

function refuse(
  draft: Draft | undefined,
  code: HubCode,
  message: string,
  data?: Record<string, unknown>,
): Result<never, Rejection> {
  return err({
    code,
    detail: data === undefined ? { message } : { message, data },
    id: draft?.id ?? null,
    idBytes: draft?.idBytes ?? NULL,
  });
}

const invalid = (draft: Draft, message: string): Result<never, Rejection> =>
  refuse(draft, 'HATAGO_INVALID_REQUEST', message);

function metaOf(params: Payload): Payload | undefined {
  const meta = params.member('_meta');
  return meta?.isObject() === true ? meta : undefined;
}

function memberPayload(source: Uint8Array, members: Members, name: string): Payload | undefined {
  const index = indexOfMember(members, name);
  if (index === -1) return undefined;
  return Payload.ofBytes(source, valueStart(members, index), valueEnd(members, index), members.children[index]);
}

function textOf(source: Uint8Array, members: Members, name: string): string | undefined {
  const index = indexOfMember(members, name);
  if (index === -1 || source[valueStart(members, index)] !== 0x22) return undefined;
  return jsonStringAt(source, valueStart(members, index), valueEnd(members, index));
}

function isNull(source: Uint8Array, members: Members): boolean {
  return source[valueStart(members, indexOfMember(members, 'id'))] === 0x6e;
}

/** The id in the bytes of a JSON value; undefined when it may not be one. */
function readId(bytes: Uint8Array): RequestId | undefined {
  const first = bytes[0] as number;
  if (first === 0x22) {
    // Six bytes is the most one character takes; what is longer is not even decoded.
    if (bytes.length > MAX_ID_LENGTH * 6 + 2) return undefined;
    const text = jsonStringAt(bytes, 0, bytes.length);
    return text.length <= MAX_ID_LENGTH ? text : undefined;
  }
  const digits = digitsAt(bytes, 0, bytes.length);
  if (digits !== undefined) return digits;
  const value: unknown = bytes.length > 64 ? undefined : JSON.parse(decoder.decode(bytes));
  return isRequestId(value) ? value : undefined;
}

const decoder = new TextDecoder();
