/** Code of a failure the hub itself reports; the rows are in {@link CODES}. */
export type HubCode =
  | 'HATAGO_PARSE'
  | 'HATAGO_INVALID_REQUEST'
  | 'HATAGO_METHOD_NOT_FOUND'
  | 'HATAGO_INVALID_PARAMS'
  | 'HATAGO_ENVELOPE_INVALID'
  | 'HATAGO_INTERNAL'
  | 'HATAGO_HEADER_MISMATCH'
  | 'HATAGO_CAPABILITY_REQUIRED'
  | 'HATAGO_VERSION_UNSUPPORTED'
  | 'HATAGO_RESOURCE_NOT_FOUND'
  | 'HATAGO_UPSTREAM_UNAVAILABLE'
  | 'HATAGO_RUNTIME_MISSING'
  | 'HATAGO_UPSTREAM_LOST'
  | 'HATAGO_UPSTREAM_TIMEOUT'
  | 'HATAGO_CIRCUIT_OPEN'
  | 'HATAGO_POLICY_DENIED'
  | 'HATAGO_RATE_LIMITED'
  | 'HATAGO_OVERLOADED'
  | 'HATAGO_DRAINING'
  | 'HATAGO_QUARANTINED'
  | 'HATAGO_TOO_LARGE'
  | 'HATAGO_UPSTREAM_PROTOCOL'
  | 'HATAGO_UPSTREAM_AUTH_REQUIRED'
  | 'HATAGO_SECRET_MISSING'
  | 'HATAGO_NEEDS_APPROVAL'
  | 'HATAGO_HOST_REJECTED'
  | 'HATAGO_ORIGIN_REJECTED'
  | 'HATAGO_BODY_TOO_LARGE'
  | 'HATAGO_CONTENT_TYPE'
  | 'HATAGO_CONTENT_ENCODING'
  | 'HATAGO_NOT_ACCEPTABLE'
  | 'HATAGO_METHOD_NOT_ALLOWED'
  | 'HATAGO_NO_ROUTE'
  | 'HATAGO_SESSION_REQUIRED'
  | 'HATAGO_SESSION_UNKNOWN'
  | 'HATAGO_STREAM_TAKEN'
  | 'HATAGO_USAGE'
  | 'HATAGO_NO_HUB'
  | 'HATAGO_NOT_FOUND'
  | 'HATAGO_CALL_FAILED'
  | 'HATAGO_CONFIG_NOT_FOUND'
  | 'HATAGO_CONFIG_SYNTAX'
  | 'HATAGO_CONFIG_INVALID'
  | 'HATAGO_CONFIG_OLD_FORMAT'
  | 'HATAGO_EXISTS'
  | 'HATAGO_GENERATION_ACTIVE'
  | 'HATAGO_CONFIG_CHANGED'
  | 'HATAGO_STATE_UNWRITABLE'
  | 'HATAGO_TOKEN_REQUIRED'
  | 'HATAGO_PORT_IN_USE'
  | 'HATAGO_UNSAFE_BIND';

/** What one failure looks like everywhere it is seen. */
export interface CodeRow {
  /** `error.data.kind` on the wire. */
  readonly kind: string;
  /** JSON-RPC error code; undefined for failures that never reach a wire. */
  readonly rpc?: number;
  /** HTTP status of the answer. @default 200 */
  readonly http?: number;
  /** Exit code of the command line. @default 1 */
  readonly exit?: number;
  /** What happened; `{server}` stands for the server it is about. */
  readonly message: string;
  /** What the person who reads it can do next. */
  readonly next: string;
}

/** The table of failures. @see docs/errors.md */
export const CODES: Readonly<Record<HubCode, CodeRow>> = {
  HATAGO_PARSE: {
    kind: 'parse',
    rpc: -32700,
    http: 400,
    message: 'The message is not valid JSON, or goes over a limit on nesting or size.',
    next: 'Send one JSON-RPC message as UTF-8 JSON.',
  },
  HATAGO_INVALID_REQUEST: {
    kind: 'invalid_request',
    rpc: -32600,
    http: 400,
    message: 'The message is not a valid JSON-RPC 2.0 message.',
    next: 'Check "jsonrpc", "id", "method" and "params".',
  },
  HATAGO_METHOD_NOT_FOUND: {
    kind: 'method_not_found',
    rpc: -32601,
    http: 404,
    message: 'There is no such method.',
    next: 'Ask "server/discover" (or "initialize") what is offered.',
  },
  HATAGO_INVALID_PARAMS: {
    kind: 'invalid_params',
    rpc: -32602,
    http: 200,
    message: 'The parameters are not valid.',
    next: 'Check them against the list the name came from.',
  },
  HATAGO_ENVELOPE_INVALID: {
    kind: 'invalid_params',
    rpc: -32602,
    http: 400,
    message: 'The "_meta" of the request lacks a required key or has a wrong one.',
    next: 'Send the protocol version and the client capabilities in "params._meta" of every request.',
  },
  HATAGO_INTERNAL: {
    kind: 'internal',
    rpc: -32603,
    http: 200,
    message: 'Something went wrong inside the hub.',
    next: 'Look up the correlation id in the log of the hub.',
  },
  HATAGO_HEADER_MISMATCH: {
    kind: 'header_mismatch',
    rpc: -32020,
    http: 400,
    message: 'The headers and the body of the request disagree.',
    next: 'Derive the MCP headers from the body; list the tools again if they may have changed.',
  },
  HATAGO_CAPABILITY_REQUIRED: {
    kind: 'capability_required',
    rpc: -32021,
    http: 400,
    message: 'The request needs a client capability that it does not declare.',
    next: 'Declare the capabilities in "data.requiredCapabilities" if the client has them.',
  },
  HATAGO_VERSION_UNSUPPORTED: {
    kind: 'version_unsupported',
    rpc: -32022,
    http: 400,
    message: 'The protocol version is not supported.',
    next: 'Use one of the versions in "data.supported".',
  },
  HATAGO_RESOURCE_NOT_FOUND: {
    kind: 'resource_not_found',
    rpc: -32602,
    http: 200,
    message: 'No server offers this resource.',
    next: 'List the resources and templates again.',
  },
  HATAGO_UPSTREAM_UNAVAILABLE: {
    kind: 'upstream_unavailable',
    rpc: -31001,
    message: '{server} is not reachable; the request was not sent.',
    next: 'Try again later, or see the status of the server for the reason.',
  },
  HATAGO_RUNTIME_MISSING: {
    kind: 'upstream_unavailable',
    rpc: -31001,
    message: '{server} needs a program that is not installed here; the request was not sent.',
    next: 'Install it, or correct the command of the server in the configuration.',
  },
  HATAGO_UPSTREAM_LOST: {
    kind: 'upstream_lost',
    rpc: -31002,
    message: 'The connection to {server} was lost after the request was sent; whether it took effect is unknown.',
    next: 'Check the effect before sending it again.',
  },
  HATAGO_UPSTREAM_TIMEOUT: {
    kind: 'upstream_timeout',
    rpc: -31003,
    message: '{server} did not answer in time.',
    next: 'Try again, or raise the timeout of the server in the configuration.',
  },
  HATAGO_CIRCUIT_OPEN: {
    kind: 'circuit_open',
    rpc: -31004,
    message: '{server} failed too often and is left alone for a while.',
    next: 'Try again after "retryAfterMs".',
  },
  HATAGO_POLICY_DENIED: {
    kind: 'policy_denied',
    rpc: -31005,
    exit: 5,
    message: 'The policy of the hub does not allow this.',
    next: 'Ask the operator of the hub.',
  },
  HATAGO_RATE_LIMITED: {
    kind: 'rate_limited',
    rpc: -31006,
    http: 429,
    message: 'Too many requests.',
    next: 'Try again after "retryAfterMs".',
  },
  HATAGO_OVERLOADED: {
    kind: 'overloaded',
    rpc: -31007,
    http: 503,
    message: 'Too many requests are in flight.',
    next: 'Try again after "retryAfterMs".',
  },
  HATAGO_DRAINING: {
    kind: 'draining',
    rpc: -31007,
    http: 503,
    message: 'The hub is shutting down.',
    next: 'Connect again in a moment.',
  },
  HATAGO_QUARANTINED: {
    kind: 'quarantined',
    rpc: -31008,
    message: 'The definition of this tool changed since it was approved.',
    next: 'Ask the operator of the hub to review it.',
  },
  HATAGO_TOO_LARGE: {
    kind: 'too_large',
    rpc: -31009,
    message: 'The answer of {server} is larger than the hub takes.',
    next: 'Ask for less at a time, or raise the limit in the configuration.',
  },
  HATAGO_UPSTREAM_PROTOCOL: {
    kind: 'upstream_protocol',
    rpc: -31010,
    message: '{server} sent something that is not a valid MCP message.',
    next: 'Run "hatago inspect" on the server to see what it sends.',
  },
  HATAGO_UPSTREAM_AUTH_REQUIRED: {
    kind: 'auth_required',
    rpc: -31011,
    message: '{server} needs you to sign in or to set a secret.',
    next: 'Give it credentials in the configuration.',
  },
  HATAGO_SECRET_MISSING: {
    kind: 'auth_required',
    rpc: -31011,
    message: '{server} needs a secret that is not stored here; nothing of it was run.',
    next: 'Store it with "hatago secret set".',
  },
  HATAGO_NEEDS_APPROVAL: {
    kind: 'auth_required',
    rpc: -31011,
    message: '{server} came with the files of a project and was not approved on this machine; nothing of it was run.',
    next: 'Look at what it would run, and approve it, with "hatago trust".',
  },
  HATAGO_HOST_REJECTED: {
    kind: 'host_rejected',
    rpc: -32600,
    http: 403,
    message: 'The Host header is not one this hub answers to.',
    next: 'Use the address the hub printed, or add the host to the allowed ones in the configuration.',
  },
  HATAGO_ORIGIN_REJECTED: {
    kind: 'origin_rejected',
    rpc: -32600,
    http: 403,
    message: 'The Origin of the request is not allowed.',
    next: 'Add the origin to the allowed ones in the configuration.',
  },
  HATAGO_BODY_TOO_LARGE: {
    kind: 'body_too_large',
    rpc: -32600,
    http: 413,
    message: 'The body of the request is too large.',
    next: 'Send less, or raise the limit in the configuration.',
  },
  HATAGO_CONTENT_TYPE: {
    kind: 'content_type',
    rpc: -32600,
    http: 415,
    message: 'The body of the request must be application/json.',
    next: 'Set the Content-Type header to application/json.',
  },
  HATAGO_CONTENT_ENCODING: {
    kind: 'content_encoding',
    rpc: -32600,
    http: 415,
    message: 'The body of the request must not be encoded.',
    next: 'Leave out the Content-Encoding header and send the body as it is.',
  },
  HATAGO_NOT_ACCEPTABLE: {
    kind: 'not_acceptable',
    rpc: -32600,
    http: 406,
    message: 'The client must accept both application/json and text/event-stream.',
    next: 'Set the Accept header to "application/json, text/event-stream".',
  },
  HATAGO_METHOD_NOT_ALLOWED: {
    kind: 'method_not_allowed',
    rpc: -32600,
    http: 405,
    message: 'This HTTP method is not available here.',
    next: 'Use POST; GET and DELETE need a session.',
  },
  HATAGO_NO_ROUTE: {
    kind: 'no_route',
    rpc: -32600,
    http: 404,
    message: 'There is nothing at this path.',
    next: 'Use /mcp, /mcp/<server> or /mcp/@<tag>.',
  },
  HATAGO_SESSION_REQUIRED: {
    kind: 'session_required',
    rpc: -32600,
    http: 400,
    message: 'The request needs a session.',
    next: 'Send "initialize" first and repeat its Mcp-Session-Id header.',
  },
  HATAGO_SESSION_UNKNOWN: {
    kind: 'session_unknown',
    rpc: -32600,
    http: 404,
    message: 'There is no such session, or it has ended.',
    next: 'Send "initialize" to begin a new one.',
  },
  HATAGO_STREAM_TAKEN: {
    kind: 'stream_taken',
    rpc: -32600,
    http: 409,
    message: 'The session already has a stream.',
    next: 'Close the other one, or resume it with Last-Event-ID.',
  },
  HATAGO_USAGE: {
    kind: 'usage',
    exit: 2,
    message: 'The command line is not valid.',
    next: 'See "hatago --help".',
  },
  HATAGO_NO_HUB: {
    kind: 'no_hub',
    exit: 3,
    message: 'No hub is running here.',
    next: 'Start one with "hatago serve".',
  },
  HATAGO_NOT_FOUND: {
    kind: 'not_found',
    exit: 4,
    message: 'There is no server or tool of that name.',
    next: 'See "hatago list --tools".',
  },
  HATAGO_CALL_FAILED: {
    kind: 'call_failed',
    exit: 1,
    message: 'The tool reported an error.',
    next: 'Read its output above.',
  },
  HATAGO_CONFIG_NOT_FOUND: {
    kind: 'config_not_found',
    exit: 4,
    message: 'No configuration was found.',
    next: 'Write one with "hatago init", or name it with --config.',
  },
  HATAGO_CONFIG_SYNTAX: {
    kind: 'config_syntax',
    exit: 2,
    message: 'The configuration is not valid JSON with comments.',
    next: 'Correct it at the line and column shown.',
  },
  HATAGO_CONFIG_INVALID: {
    kind: 'config_invalid',
    exit: 2,
    message: 'The configuration has a wrong or unknown setting.',
    next: 'Correct it at the line and column shown.',
  },
  HATAGO_CONFIG_OLD_FORMAT: {
    kind: 'config_old_format',
    http: 409,
    exit: 2,
    message: 'The configuration is of an old format, which is read and not written.',
    next: 'Rewrite it with "hatago migrate --write", then make the change.',
  },
  HATAGO_EXISTS: {
    kind: 'exists',
    http: 409,
    message: 'Something of that name is there already.',
    next: 'Choose another name, or change what is there.',
  },
  HATAGO_GENERATION_ACTIVE: {
    kind: 'generation_active',
    http: 409,
    exit: 2,
    message: 'The generation is the active one.',
    next: 'Apply another configuration first; "hatago generations" shows those there are.',
  },
  HATAGO_CONFIG_CHANGED: {
    kind: 'config_changed',
    http: 412,
    message: 'The configuration changed since it was read.',
    next: 'Read it again and make the change anew.',
  },
  HATAGO_STATE_UNWRITABLE: {
    kind: 'state_unwritable',
    http: 507,
    message: 'The file cannot be written; everything is as it was.',
    next: 'Make room or give back the right to write, then try again.',
  },
  HATAGO_TOKEN_REQUIRED: {
    kind: 'token_required',
    http: 401,
    exit: 5,
    message: 'The request carries no valid token.',
    next: 'Send the token that stands in run/hub.json of the hub as "Authorization: Bearer …".',
  },
  HATAGO_PORT_IN_USE: {
    kind: 'port_in_use',
    exit: 1,
    message: 'The port is already in use.',
    next: 'Stop what uses it, or choose another with --port.',
  },
  HATAGO_UNSAFE_BIND: {
    kind: 'unsafe_bind',
    exit: 78,
    message: 'The address can be reached from other machines, and callers are not authenticated.',
    next: 'Bind to 127.0.0.1.',
  },
};

/** What a caller may know of a failure besides its code. */
export interface WireDetail {
  /** The server the failure is about. */
  readonly server?: string;
  /** When to try again, in milliseconds. @default 1000 where the status is 429 or 503 */
  readonly retryAfterMs?: number;
  /** Replaces the table's message and next step. Never text of a server, a stack or a path. */
  readonly message?: string;
  /** Further members of `error.data`. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The JSON-RPC error object of a failure. */
export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data: {
    readonly kind: string;
    readonly server?: string;
    readonly retryAfterMs?: number;
    /** Found in the log of the hub too. */
    readonly correlationId: string;
    readonly [further: string]: unknown;
  };
}

/** The table's message for a failure with its next step, the server's name filled in. */
export function messageOf(code: HubCode, server?: string): string {
  const { message, next } = CODES[code];
  return `${message.replace('{server}', () => server ?? 'The server')} ${next}`;
}

const RETRY_AFTER_MS = 1000;

/** A failure as it goes over the wire, with the HTTP status of the answer. */
export function wireError(code: HubCode, detail: WireDetail = {}): { error: WireError; http: number } {
  const row = CODES[code];
  // Who is told to come back must be told when.
  const { server, retryAfterMs = row.http === 503 || row.http === 429 ? RETRY_AFTER_MS : undefined } = detail;
  const data = {
    ...detail.data,
    kind: row.kind,
    ...(server === undefined ? undefined : { server }),
    ...(retryAfterMs === undefined ? undefined : { retryAfterMs }),
    correlationId: crypto.randomUUID(),
  };
  return {
    error: { code: row.rpc ?? -32603, message: detail.message ?? messageOf(code, server), data },
    http: row.http ?? 200,
  };
}

/** HTTP status on the modern wire for a server's own JSON-RPC error. @see MCP 2026-07-28 streamable HTTP */
export function httpStatusOf(rpcCode: number): number {
  if (rpcCode === -32601) return 404;
  return rpcCode === -32020 || rpcCode === -32021 || rpcCode === -32022 ? 400 : 200;
}
