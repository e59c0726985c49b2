import { basename } from 'node:path';
import { isRecord } from '@hatago/protocol';
import { type Adapted, type AdaptState, createAdapt } from './adapt.ts';
import { FOREIGN_SERVER_KEYS, FOREIGN_TOP_KEYS } from './foreign-keys.ts';
import { fromClient } from './format-client.ts';
import { fromEarly, isEarly } from './format-early.ts';
import { fromPredecessor } from './format-predecessor.ts';
import { serverKeys, topKeys } from './schema.ts';

/** Whose format a document is in. */
export type Format = 'hatago' | 'predecessor' | 'early' | 'client';

/**
 * Brings the configuration formats of clients (`.mcp.json`, VS Code's `servers`) and of the predecessor (version 1 and
 * the ones before it) into our own shape. What only they know is left out with a warning and stays in the file. In a
 * file of ours an unknown key stays, to be refused later, unless it is one that clients are known to write.
 */
export function adaptDocument(value: unknown, file: string): Adapted {
  if (!isRecord(value)) return { value, warnings: [], format: 'hatago', toSource: (path) => path };
  const format = formatOf(value, file);
  const state = createAdapt(format);
  const named = renameServers(value, state);
  if (format === 'early') return state.done(withoutForeign(fromEarly(named, state), state));
  if (format === 'predecessor') return state.done(withoutForeign(fromPredecessor(named, state), state));
  if (format === 'client') return state.done(withoutForeign(fromClient(named, value, file, state), state));
  return state.done(withoutKnownForeign(named, state));
}

function formatOf(value: Record<string, unknown>, file: string): Format {
  if (value['version'] === 2) return 'hatago';
  if (isEarly(value)) return 'early';
  if (value['version'] === 1) return 'predecessor';
  if (value['version'] !== undefined) return 'hatago';
  return /^(\.?mcp|claude_desktop_config|mcp_config|mcp_settings|cline_mcp_settings|settings|servers|cli-registry|\.claude)\.jsonc?$/.test(
    basename(file),
  ) || isRecord(value['servers'])
    ? 'client'
    : 'hatago';
}

function renameServers(value: Record<string, unknown>, state: AdaptState): Record<string, unknown> {
  if (!isRecord(value['servers'])) return value;
  const { servers, mcpServers, ...rest } = value;
  const own = isRecord(mcpServers) ? mcpServers : {};
  for (const id of Object.keys(servers)) if (!(id in own)) state.cameFrom(id, ['servers', id]);
  return { ...rest, mcpServers: { ...servers, ...own } };
}

/** In formats of others every key we do not have is one we do not know. */
function withoutForeign(value: Record<string, unknown>, state: AdaptState): Record<string, unknown> {
  const [tops, servers] = [topKeys(), serverKeys()];
  const top = keep(value, (name) => tops.has(name), '', state);
  return withServers(top, (server, id) => coerce(keep(server, (name) => servers.has(name), nameOf(id), state)));
}

function withoutKnownForeign(value: Record<string, unknown>, state: AdaptState): Record<string, unknown> {
  const top = keep(value, (name) => !FOREIGN_TOP_KEYS.has(name), '', state);
  return withServers(top, (server, id) => {
    const { timeouts } = server;
    const kept = keep(server, (name) => !FOREIGN_SERVER_KEYS.has(name), nameOf(id), state);
    if (!isRecord(timeouts) || !('keepAliveMs' in timeouts)) return kept;
    const { keepAliveMs: _unused, ...rest } = timeouts;
    state.warn(`${nameOf(id)}"timeouts.keepAliveMs" has no meaning here and is ignored`);
    return { ...kept, timeouts: rest };
  });
}

const nameOf = (id: string): string => `server ${JSON.stringify(id)}: `;

function keep(
  record: Record<string, unknown>,
  wanted: (name: string) => boolean,
  where: string,
  { warn }: AdaptState,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).filter(([name]) => {
      if (!wanted(name)) warn(`${where}${JSON.stringify(name)} has no meaning here and is ignored`);
      return wanted(name);
    }),
  );
}

function withServers(
  value: Record<string, unknown>,
  change: (server: Record<string, unknown>, id: string) => unknown,
): Record<string, unknown> {
  if (!isRecord(value['mcpServers'])) return value;
  const servers = Object.entries(value['mcpServers']).map(([id, server]) => [
    id,
    isRecord(server) ? change(server, id) : server,
  ]);
  return { ...value, mcpServers: Object.fromEntries(servers) };
}

/** Other programs take numbers and truth values for variables; ours are texts. */
function coerce(server: Record<string, unknown>): Record<string, unknown> {
  const { env } = server;
  if (!isRecord(env)) return server;
  const texts = Object.entries(env).map(([name, value]) => [
    name,
    typeof value === 'number' || typeof value === 'boolean' ? String(value) : value,
  ]);
  return { ...server, env: Object.fromEntries(texts) };
}
