import { existsSync, readFileSync } from 'node:fs';

/**
 * Proves from the fixture's tap that a hub spoke to its upstream in one era only: methods, headers and fields.
 *
 * @typedef {import('../fixture/tap.mjs').TapEntry} TapEntry
 * @typedef {{ method?: string, id?: string | number, params?: any, result?: any, error?: any }} Message
 * @typedef {{ requests: number, asks: number, problems: string[] }} TapReport `asks` counts what the upstream needed
 *   from the client: pushed requests in the legacy era, `input_required` results in the modern one
 */

const META = 'io.modelcontextprotocol/';
const ENVELOPE = ['protocolVersion', 'clientCapabilities', 'clientInfo', 'logLevel'].map((key) => META + key);
const SHARED_METHODS = [
  'tools/list',
  'tools/call',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'completion/complete',
];
const MODERN_METHODS = new Set([
  ...SHARED_METHODS,
  'server/discover',
  'subscriptions/listen',
  'tasks/get',
  'tasks/update',
  'tasks/cancel',
]);
const LEGACY_METHODS = new Set([
  ...SHARED_METHODS,
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
  'tasks/get',
  'tasks/result',
  'tasks/list',
  'tasks/cancel',
  'notifications/initialized',
  'notifications/cancelled',
  'notifications/progress',
  'notifications/roots/list_changed',
]);
// The suite calls it to see it refused. The route of one server passes on what no era knows, for a server may know more
// than the protocol does, and its refusal comes back.
const OF_NO_ERA = 'unknown/method';
const NAMED = /** @type {Record<string, string>} */ ({
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
});
const FEWEST_REQUESTS = 20;
const MODERN_VERSION = '2026-07-28';

/**
 * @param {string} file
 * @param {'legacy' | 'modern'} era
 * @returns {TapReport}
 */
export function checkTap(file, era) {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  /** @type {TapEntry[]} */
  const entries = lines.map((line) => JSON.parse(line));
  const received = entries.filter((entry) => entry.direction === 'in');
  const check = era === 'modern' ? checkModern : checkLegacy;
  const problems = new Set(received.flatMap((entry) => check(entry).map((what) => `${titleOf(entry)}: ${what}`)));
  const requests = received.filter((entry) => isRequest(messageOf(entry))).length;
  const asks = entries.filter((entry) => entry.direction === 'out' && isAsk(messageOf(entry), era)).length;
  if (requests < FEWEST_REQUESTS) problems.add(`only ${requests} requests reached the upstream`);
  if (asks === 0) problems.add('the upstream asked for nothing, so asking was not exercised');
  return { requests, asks, problems: [...problems] };
}

/** @param {TapEntry} entry */
function checkModern(entry) {
  const problems = [];
  const headers = entry.headers ?? {};
  const message = messageOf(entry);
  if (entry.malformed !== undefined) problems.push('is not JSON');
  if (entry.httpMethod !== 'POST') problems.push(`HTTP ${entry.httpMethod}`);
  for (const name of ['mcp-session-id', 'last-event-id']) if (name in headers) problems.push(`has ${name}`);
  if (!isRequest(message)) return [...problems, 'is not a request'];
  const { method, params } = message;
  const meta = params?._meta ?? {};
  if (!MODERN_METHODS.has(method) && method !== OF_NO_ERA) problems.push('is not a method of this era');
  if (meta[`${META}protocolVersion`] !== MODERN_VERSION) problems.push('has no protocolVersion in its envelope');
  if (typeof meta[`${META}clientCapabilities`] !== 'object') problems.push('has no clientCapabilities in its envelope');
  if (headers['mcp-protocol-version'] !== MODERN_VERSION) problems.push('has no MCP-Protocol-Version header');
  if (headers['mcp-method'] !== method) problems.push(`has Mcp-Method ${headers['mcp-method']}`);
  const named = NAMED[method];
  if (named && decode(headers['mcp-name']) !== params?.[named]) problems.push(`has Mcp-Name ${headers['mcp-name']}`);
  return problems;
}

/** @param {TapEntry} entry */
function checkLegacy(entry) {
  const problems = [];
  const headers = entry.headers ?? {};
  const message = messageOf(entry);
  if (entry.malformed !== undefined) problems.push('is not JSON');
  for (const name of Object.keys(headers)) {
    if (name === 'mcp-method' || name === 'mcp-name' || name.startsWith('mcp-param-')) problems.push(`has ${name}`);
  }
  const version = headers['mcp-protocol-version'];
  if (version !== undefined && version >= MODERN_VERSION) problems.push(`has MCP-Protocol-Version ${version}`);
  const opening = message?.method === 'initialize';
  if (!opening && headers['mcp-session-id'] === undefined) problems.push('has no session');
  if (!opening && version === undefined) problems.push('has no MCP-Protocol-Version header');
  if (opening && message.params.protocolVersion >= MODERN_VERSION) problems.push('offers a modern revision');
  if (!message) return problems;
  if (message.method !== undefined && !LEGACY_METHODS.has(message.method) && message.method !== OF_NO_ERA) {
    problems.push('is not a method of this era');
  }
  const meta = { ...message.params?._meta, ...message.result?._meta };
  for (const key of ENVELOPE) if (key in meta) problems.push(`has ${key}`);
  for (const key of ['inputResponses', 'requestState']) if (key in (message.params ?? {})) problems.push(`has ${key}`);
  if (message.result && 'resultType' in message.result) problems.push('has resultType');
  return problems;
}

/**
 * @param {Message | undefined} message
 * @param {'legacy' | 'modern'} era
 */
function isAsk(message, era) {
  if (era === 'modern') return message?.result?.resultType === 'input_required';
  return isRequest(message);
}

/**
 * @param {Message | undefined} message
 * @returns {message is Message & { method: string }}
 */
function isRequest(message) {
  return message?.method !== undefined && message.id !== undefined;
}

/** @param {TapEntry} entry */
function messageOf(entry) {
  return /** @type {Message | undefined} */ (entry.message);
}

/** @param {TapEntry} entry */
function titleOf(entry) {
  const message = messageOf(entry);
  return message?.method ?? (message ? 'an answer' : `HTTP ${entry.httpMethod}`);
}

/** @param {string | undefined} header */
function decode(header) {
  const encoded = header?.match(/^=\?base64\?(.*)\?=$/)?.[1];
  return encoded === undefined ? header : Buffer.from(encoded, 'base64').toString('utf8');
}
