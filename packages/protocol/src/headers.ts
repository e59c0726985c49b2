import { isRecord } from './jsonrpc.ts';
import { nameHeaderSource } from './methods.ts';
import { err, ok, type Result } from './result.ts';

const SENTINEL = '=?base64?';
const SENTINEL_END = '?=';
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const PLAIN = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A text as the value of an MCP header: as it is where that is safe, else as Base64 between `=?base64?` and `?=`.
 * @see MCP 2026-07-28 streamable HTTP, value encoding
 */
export function encodeHeaderValue(text: string): string {
  if ((PLAIN.test(text) && !isSentinel(text)) || text === '') return text;
  let binary = '';
  for (const byte of encoder.encode(text)) binary += String.fromCharCode(byte);
  return `${SENTINEL}${btoa(binary)}${SENTINEL_END}`;
}

/** The text of an MCP header's value, white space around it removed; the error says what its Base64 lacks. */
export function decodeHeaderValue(header: string): Result<string, string> {
  const value = trimHeader(header);
  if (!isSentinel(value)) return ok(value);
  const base64 = value.slice(SENTINEL.length, -SENTINEL_END.length);
  if (!BASE64.test(base64)) return err('it is not valid Base64');
  try {
    return ok(decoder.decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))));
  } catch {
    return err('its Base64 is not UTF-8');
  }
}

function isSentinel(value: string): boolean {
  return (
    value.length >= SENTINEL.length + SENTINEL_END.length && value.startsWith(SENTINEL) && value.endsWith(SENTINEL_END)
  );
}

/** A header's value without the optional white space around it. @see RFC 9110 section 5.6.3 */
export function trimHeader(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return start === 0 && end === value.length ? value : value.slice(start, end);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

/** What a tool declares with `x-mcp-header`: the argument at `path` is repeated in `Mcp-Param-{header}`. */
export interface ParamDeclaration {
  readonly header: string;
  readonly path: readonly string[];
  readonly type: 'string' | 'integer' | 'boolean';
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Hop-by-hop headers and those that carry an identity: no tool may name one. */
const FORBIDDEN = new Set(
  (
    'authorization,cookie,set-cookie,host,connection,keep-alive,proxy-authenticate,proxy-authorization,' +
    'proxy-connection,te,trailer,transfer-encoding,upgrade'
  ).split(','),
);
/** Keywords below which a declaration is not reached by `properties` alone, and whether they hold a map of schemas. */
const ELSEWHERE: readonly (readonly [keyword: string, map: boolean])[] = [
  ...(
    'items,prefixItems,contains,additionalItems,additionalProperties,unevaluatedProperties,unevaluatedItems,' +
    'propertyNames,oneOf,anyOf,allOf,not,if,then,else,contentSchema'
  )
    .split(',')
    .map((keyword) => [keyword, false] as const),
  ...'patternProperties,dependentSchemas,dependencies,$defs,definitions'.split(',').map((key) => [key, true] as const),
];
const MAX_SCHEMA_DEPTH = 64;

/**
 * The `x-mcp-header` declarations of a tool's input schema; the error names the rule one of them breaks, and the tool is
 * then not to be offered.
 * @see MCP 2026-07-28 streamable HTTP, schema extension
 */
export function declarationsOf(inputSchema: unknown): Result<ParamDeclaration[], string> {
  const found: ParamDeclaration[] = [];
  const fault = visit(inputSchema, [], true, found, new Set());
  return fault === undefined ? ok(found) : err(fault);
}

function visit(
  schema: unknown,
  path: readonly string[],
  reachable: boolean,
  found: ParamDeclaration[],
  taken: Set<string>,
): string | undefined {
  if (path.length > MAX_SCHEMA_DEPTH) return 'the schema is nested too deeply';
  if (!isRecord(schema)) return undefined;
  if (Object.hasOwn(schema, 'x-mcp-header')) {
    const fault = declare(schema, path, reachable, found, taken);
    if (fault !== undefined) return fault;
  }
  if (isRecord(schema.properties)) {
    for (const [name, child] of Object.entries(schema.properties)) {
      const fault = visit(child, [...path, name], reachable, found, taken);
      if (fault !== undefined) return fault;
    }
  }
  for (const [keyword, map] of ELSEWHERE) {
    if (!Object.hasOwn(schema, keyword)) continue;
    const below = schema[keyword];
    const branches = Array.isArray(below) ? below : map && isRecord(below) ? Object.values(below) : [below];
    for (const branch of branches) {
      const fault = visit(branch, [...path, keyword], false, found, taken);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

function declare(
  schema: Record<string, unknown>,
  path: readonly string[],
  reachable: boolean,
  found: ParamDeclaration[],
  taken: Set<string>,
): string | undefined {
  const where = path.length === 0 ? 'the root' : JSON.stringify(path.join('.'));
  if (!reachable || path.length === 0) return `x-mcp-header at ${where} is not on a chain of properties`;
  const header = schema['x-mcp-header'];
  if (typeof header !== 'string' || !TOKEN.test(header)) return `x-mcp-header at ${where} is not a header name`;
  const lower = header.toLowerCase();
  if (FORBIDDEN.has(lower) || lower.startsWith('mcp-')) return `x-mcp-header at ${where} names the header ${header}`;
  if (taken.has(lower)) return `x-mcp-header ${header} is declared twice`;
  const { type } = schema;
  if (type !== 'string' && type !== 'integer' && type !== 'boolean') {
    return `x-mcp-header at ${where} is not on a string, an integer or a boolean`;
  }
  taken.add(lower);
  found.push({ header, path, type });
  return undefined;
}

/** The `Mcp-Param-*` headers of a call, derived from its arguments; absent and null arguments have none. */
export function paramHeaders(
  declarations: readonly ParamDeclaration[],
  args: unknown,
): [name: string, value: string][] {
  const headers: [string, string][] = [];
  for (const { header, path } of declarations) {
    const text = primitiveText(valueAt(args, path));
    if (text !== undefined) headers.push([`Mcp-Param-${header}`, encodeHeaderValue(text)]);
  }
  return headers;
}

/** What of a call's declared `Mcp-Param-*` headers does not match its arguments; undefined when all do. */
export function checkParamHeaders(
  declarations: readonly ParamDeclaration[],
  args: unknown,
  getHeader: (lowerCaseName: string) => string | undefined,
): string | undefined {
  for (const { header, path, type } of declarations) {
    const argument = valueAt(args, path);
    const text = primitiveText(argument);
    const name = `Mcp-Param-${header}`;
    const raw = getHeader(name.toLowerCase());
    if (text === undefined && raw === undefined) continue;
    if (text === undefined) return `the ${name} header repeats no argument`;
    if (raw === undefined) return `the ${name} header is missing`;
    const decoded = decodeHeaderValue(raw);
    if (!decoded.ok) return `the ${name} header cannot be read: ${decoded.error}`;
    const numeric = type === 'integer' && typeof argument === 'number' && /^-?\d+(\.\d+)?$/.test(decoded.value);
    const equal = numeric ? Number(decoded.value) === argument : decoded.value === text;
    if (!equal) return `the ${name} header differs from the argument ${path.join('.')}`;
  }
  return undefined;
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const name of path) {
    if (!isRecord(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

function primitiveText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return undefined;
  return String(value);
}

/**
 * What of a modern request's standard headers does not match its body, presence first in the order the specification
 * names them; undefined when all do. `target` is the member of `params` that `Mcp-Name` repeats, where it is a string.
 * @see MCP 2026-07-28 streamable HTTP, standard headers
 */
export function checkStandardHeaders(
  getHeader: (lowerCaseName: string) => string | undefined,
  body: { readonly protocolVersion: string; readonly method: string; readonly target: string | undefined },
): string | undefined {
  const version = getHeader('mcp-protocol-version');
  if (version === undefined) return 'the MCP-Protocol-Version header is missing';
  if (trimHeader(version) !== body.protocolVersion) return 'the MCP-Protocol-Version header differs from the body';
  const method = getHeader('mcp-method');
  if (method === undefined) return 'the Mcp-Method header is missing';
  if (trimHeader(method) !== body.method) return 'the Mcp-Method header differs from the method of the body';
  const source = nameHeaderSource(body.method);
  if (source === undefined) return undefined;
  const name = getHeader('mcp-name');
  if (name === undefined) return body.target === undefined ? undefined : 'the Mcp-Name header is missing';
  const decoded = decodeHeaderValue(name);
  if (!decoded.ok) return `the Mcp-Name header cannot be read: ${decoded.error}`;
  return decoded.value === body.target ? undefined : `the Mcp-Name header differs from params.${source} of the body`;
}
