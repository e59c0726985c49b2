import { isRecord } from '@hatago/protocol';
import { SERVER_KEYS, TOP_KEYS } from './schema.ts';

/** A document in our own shape, with what was left out of it. */
export interface Adapted {
  readonly value: unknown;
  /** What a person should know, one sentence each. */
  readonly warnings: readonly string[];
}

type Format = 'hatago' | 'predecessor' | 'client';

/**
 * Brings the configuration formats of clients (`.mcp.json`, VS Code's `servers`) and of the predecessor (version 1) into
 * our own shape. In a file of ours an unknown key stays and is refused later; in theirs it is left out with a warning.
 */
export function adaptDocument(value: unknown, fileName: string): Adapted {
  if (!isRecord(value)) return { value, warnings: [] };
  const format = formatOf(value, fileName);
  const renamed = 'servers' in value && !('mcpServers' in value) ? renameServers(value) : value;
  if (format === 'hatago') return { value: renamed, warnings: [] };
  return withoutForeign(format === 'predecessor' ? fromPredecessor(renamed) : renamed);
}

function formatOf(value: Record<string, unknown>, fileName: string): Format {
  if (value['version'] === 1) return 'predecessor';
  if (value['version'] !== undefined) return 'hatago';
  const base = fileName.split(/[\\/]/).at(-1) ?? '';
  return /^(\.?mcp|claude_desktop_config|mcp_config|settings)\.jsonc?$/.test(base) || isRecord(value['servers'])
    ? 'client'
    : 'hatago';
}

function renameServers(value: Record<string, unknown>): Record<string, unknown> {
  const { servers, ...rest } = value;
  return { ...rest, mcpServers: servers };
}

/** Version 1: `version`, `timeouts` for all servers, `toolNaming` and `notifications` that never had an effect. */
function fromPredecessor(value: Record<string, unknown>): Record<string, unknown> {
  const { version: _version, timeouts, toolNaming: _naming, ...rest } = value;
  const { mcpServers } = rest;
  if (!isRecord(mcpServers) || !isRecord(timeouts)) return rest;
  const servers = Object.entries(mcpServers).map(([id, server]) => [
    id,
    isRecord(server) ? { ...server, timeouts: { ...timeouts, ...(server['timeouts'] as object | undefined) } } : server,
  ]);
  return { ...rest, mcpServers: Object.fromEntries(servers) };
}

function withoutForeign(value: Record<string, unknown>): Adapted {
  const warnings: string[] = [];
  const keep = (record: Record<string, unknown>, known: ReadonlySet<string>, where: string): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(record).filter(([key]) => {
        if (!known.has(key)) warnings.push(`${where}${JSON.stringify(key)} is not used here and was left out`);
        return known.has(key);
      }),
    );
  const top = keep(value, TOP_KEYS, '');
  if (isRecord(top['mcpServers'])) {
    top['mcpServers'] = Object.fromEntries(
      Object.entries(top['mcpServers']).map(([id, server]) => [
        id,
        isRecord(server) ? keep(server, SERVER_KEYS, `server ${JSON.stringify(id)}: `) : server,
      ]),
    );
  }
  return { value: top, warnings };
}
