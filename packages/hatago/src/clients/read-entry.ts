import { isRecord } from '@hatago/protocol';
import type { ReadEntry } from './client.ts';

/** The words one client uses for the parts of a server. */
export interface Words {
  /** Unit of `timeout`: how long a request may take. @default not read */
  readonly timeout?: 'ms' | 's';
  /** A bare URL means this transport. @default 'http' */
  readonly url?: 'http' | 'sse';
  /** Names this client uses that are ours under another name. */
  readonly names?: Readonly<Record<string, string>>;
}

const ENV = ['env', 'environment', 'envs'];
const URLS = ['url', 'serverUrl', 'httpUrl', 'uri'];
const HEADERS = ['headers', 'http_headers'];
const INCLUDE = ['includeTools', 'enabled_tools', 'available_tools'];
const EXCLUDE = ['excludeTools', 'disabled_tools', 'disabledTools'];
/** What says how a client treats a server, and means nothing to a hub. */
const SILENT = new Set([
  'type',
  'transport',
  'enabled',
  'disabled',
  'autoApprove',
  'alwaysAllow',
  'trust',
  'name',
  'description',
  'source',
  'gallery',
  'version',
  'bundled',
  'display_name',
  'required',
  'default_tools_approval_mode',
]);

/** Reads an entry that has the common parts, whatever they are called; undefined for what is no MCP server. */
export function readEntry(source: Readonly<Record<string, unknown>>, words: Words = {}): ReadEntry | undefined {
  const used = new Set<string>();
  const take = (names: readonly string[]): unknown => {
    const name = names.find((candidate) => source[candidate] !== undefined && source[candidate] !== null);
    if (name !== undefined) used.add(name);
    return name === undefined ? undefined : source[name];
  };
  const command = commandOf(take(['command', 'cmd']), take(['args']));
  const url = take(URLS);
  if (command === undefined && typeof url !== 'string') return undefined;
  const entry: Record<string, unknown> = command ?? remote(source, url as string, words);
  if (command !== undefined) {
    const env = strings(take(ENV));
    if (env !== undefined) entry['env'] = env;
    const cwd = take(['cwd']);
    if (typeof cwd === 'string' && cwd !== '') entry['cwd'] = cwd;
    const envFile = take(['envFile']);
    if (typeof envFile === 'string' && envFile !== '') entry['envFile'] = envFile;
  } else {
    const headers = strings(take(HEADERS));
    if (headers !== undefined) entry['headers'] = headers;
  }
  if (source['disabled'] === true || source['enabled'] === false) entry['disabled'] = true;
  const timeouts = timeoutsOf(take(['timeout']), words);
  if (timeouts !== undefined) entry['timeouts'] = timeouts;
  const tools = toolsOf(take(INCLUDE), take(EXCLUDE));
  if (tools !== undefined) entry['tools'] = tools;
  const left = Object.keys(source).filter((key) => !used.has(key) && !SILENT.has(key) && !isEmpty(source[key]));
  return { entry, notes: left.map((key) => `${JSON.stringify(key)} is not used here and was left out`) };
}

function commandOf(command: unknown, args: unknown): Record<string, unknown> | undefined {
  const rest = Array.isArray(args) ? args.map(String) : [];
  if (Array.isArray(command)) {
    const [program, ...own] = command.map(String);
    return program === undefined ? undefined : { command: program, ...someArgs([...own, ...rest]) };
  }
  // Zed once wrote the command as an object.
  if (isRecord(command) && typeof command['path'] === 'string') {
    const own = Array.isArray(command['args']) ? command['args'].map(String) : [];
    const env = strings(command['env']);
    return { command: command['path'], ...someArgs([...own, ...rest]), ...(env === undefined ? {} : { env }) };
  }
  return typeof command === 'string' && command !== '' ? { command, ...someArgs(rest) } : undefined;
}

const someArgs = (args: readonly string[]): { args?: readonly string[] } => (args.length === 0 ? {} : { args });

function remote(source: Readonly<Record<string, unknown>>, url: string, words: Words): Record<string, unknown> {
  const said = String(source['type'] ?? source['transport'] ?? '').toLowerCase();
  if (said === 'sse') return { type: 'sse', url };
  if (said === 'ws' || said === 'websocket' || /^wss?:/.test(url)) return { type: 'ws', url };
  const sse = said === '' && words.url === 'sse' && source['url'] === url;
  return { type: sse ? 'sse' : 'http', url };
}

function strings(value: unknown): Record<string, string> | undefined {
  if (!isRecord(value)) return undefined;
  const entries = Object.entries(value)
    .filter(([, part]) => typeof part === 'string' || typeof part === 'number' || typeof part === 'boolean')
    .map(([key, part]) => [key, String(part)]);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as Record<string, string>);
}

function timeoutsOf(timeout: unknown, words: Words): { requestMs: number } | undefined {
  if (words.timeout === undefined || typeof timeout !== 'number' || !(timeout > 0)) return undefined;
  return { requestMs: Math.round(Math.min(words.timeout === 's' ? timeout * 1000 : timeout, 86_400_000)) };
}

function toolsOf(include: unknown, exclude: unknown): Record<string, unknown> | undefined {
  const some = (value: unknown): string[] => (Array.isArray(value) ? value.filter((t) => typeof t === 'string') : []);
  const tools = {
    ...(some(include).length === 0 ? {} : { include: some(include) }),
    ...(some(exclude).length === 0 ? {} : { exclude: some(exclude) }),
  };
  return Object.keys(tools).length === 0 ? undefined : tools;
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
