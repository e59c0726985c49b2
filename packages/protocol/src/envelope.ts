import type { RequestId } from './jsonrpc.ts';
import type { Payload } from './payload.ts';
import { err, ok, type Result } from './result.ts';

/** Prefix of the reserved `_meta` keys of a modern request. */
export const META_PREFIX = 'io.modelcontextprotocol/';

/** The reserved `_meta` keys. @see MCP 2026-07-28 basic/index, `_meta` */
export const META = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  logLevel: 'io.modelcontextprotocol/logLevel',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
} as const;

/** Severity of a log message, least severe first. @see RFC 5424 */
export const LOG_LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * What a request says of its sender, the same for both eras: a modern request carries it in `_meta`, a legacy edge fills
 * it from its session.
 */
export interface Envelope {
  /** The exact version at the client's wire. */
  readonly protocolVersion: string;
  /** The client's `Implementation`, when it gave one. */
  readonly clientInfo: Payload | undefined;
  /** The client's capabilities in their modern shape (`elicitation: {form?, url?}`). */
  readonly clientCapabilities: Payload;
  /** Least severe log message the client wants for this request; undefined = none at all. */
  readonly logLevel: LogLevel | undefined;
  /** The client's own token for progress, handed back as it came. */
  readonly progressToken: RequestId | undefined;
  /**
   * Who answers an ask that comes up during the call. `attached`: the edge asks its client while the call stays open
   * (legacy). `deferred`: the client sends the request again with its answers (modern).
   */
  readonly asks: 'attached' | 'deferred';
}

/** The `_meta` keys that belong to one hop: a request is forwarded without them, and with the hub's own. */
export const RESERVED_META: ReadonlySet<string> = new Set(Object.values(META));

/**
 * Reads the envelope of a modern request from its `_meta`; the error names the key and what is wrong with it.
 * @see MCP 2026-07-28 basic/index, `_meta`
 */
export function readEnvelope(meta: Payload): Result<Envelope, string> {
  const protocolVersion = meta.member(META.protocolVersion)?.value();
  if (protocolVersion === undefined) return err(`${META.protocolVersion} is missing`);
  if (typeof protocolVersion !== 'string') return err(`${META.protocolVersion} must be a string`);
  const clientCapabilities = meta.member(META.clientCapabilities);
  if (clientCapabilities === undefined) return err(`${META.clientCapabilities} is missing`);
  if (!clientCapabilities.isObject()) return err(`${META.clientCapabilities} must be an object`);
  const clientInfo = meta.member(META.clientInfo);
  if (clientInfo?.isObject() === false) return err(`${META.clientInfo} must be an object`);
  const logLevel = meta.member(META.logLevel)?.value();
  if (logLevel !== undefined && !isLogLevel(logLevel)) {
    return err(`${META.logLevel} must be one of ${LOG_LEVELS.join(', ')}`);
  }
  const token = readProgressToken(meta);
  if (!token.ok) return token;
  return ok({
    protocolVersion,
    clientInfo,
    clientCapabilities,
    logLevel,
    progressToken: token.value,
    asks: 'deferred',
  });
}

/** The `progressToken` of a request's `_meta`, of either era; the error says that it is neither string nor integer. */
export function readProgressToken(meta: Payload | undefined): Result<RequestId | undefined, string> {
  const token = meta?.member('progressToken')?.value();
  if (token === undefined || typeof token === 'string' || Number.isSafeInteger(token)) {
    return ok(token as RequestId | undefined);
  }
  return err('progressToken must be a string or an integer');
}

/** Whether a value is one of {@link LOG_LEVELS}. */
export function isLogLevel(value: unknown): value is LogLevel {
  return (LOG_LEVELS as readonly unknown[]).includes(value);
}
