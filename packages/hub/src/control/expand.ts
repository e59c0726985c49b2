import { isRecord } from '@hatago/protocol';

/** A reference to a variable that is not set, and where it stands. */
export interface Missing {
  readonly name: string;
  readonly path: readonly (string | number)[];
}

const REFERENCE = /\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\}/g;
/** The members of a server in which references are expanded. */
const EXPANDED = new Set(['command', 'args', 'env', 'cwd', 'url', 'headers']);

/**
 * Replaces `${VAR}`, `${env:VAR}` and `${VAR:-default}` in the servers of a document, once and not recursively: what a
 * variable holds is never expanded again.
 */
export function expandVariables(
  value: unknown,
  env: Readonly<Record<string, string | undefined>>,
): { readonly value: unknown; readonly missing: readonly Missing[] } {
  const missing: Missing[] = [];
  const expand = (part: unknown, path: readonly (string | number)[]): unknown => {
    if (typeof part === 'string') {
      return part.replace(REFERENCE, (whole, name: string, _fallback, text: string | undefined) => {
        const found = env[name];
        if (found !== undefined && (found !== '' || text === undefined)) return found;
        if (text !== undefined) return text;
        missing.push({ name, path });
        return whole;
      });
    }
    if (Array.isArray(part)) return part.map((item, i) => expand(item, [...path, i]));
    if (isRecord(part)) return Object.fromEntries(Object.entries(part).map(([k, v]) => [k, expand(v, [...path, k])]));
    return part;
  };
  if (!isRecord(value) || !isRecord(value['mcpServers'])) return { value, missing };
  const servers = Object.entries(value['mcpServers']).map(([id, server]) => [
    id,
    isRecord(server) && server['disabled'] !== true
      ? Object.fromEntries(
          Object.entries(server).map(([key, part]) => [
            key,
            EXPANDED.has(key) ? expand(part, ['mcpServers', id, key]) : part,
          ]),
        )
      : server,
  ]);
  return { value: { ...value, mcpServers: Object.fromEntries(servers) }, missing };
}
