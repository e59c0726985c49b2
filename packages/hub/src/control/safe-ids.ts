import { isRecord } from '@hatago/protocol';
import type { Issue } from './issue.ts';

/** A document in which every server id can stand in a path and in a name. */
export interface SafeIds {
  readonly value: Record<string, unknown>;
  readonly warnings: readonly string[];
  /** The place something has under the ids as they were written. */
  toSource(path: Issue['path']): Issue['path'];
}

const SAFE_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Ids become part of paths and names; what other clients allow besides is replaced and told. */
export function withSafeIds(value: Record<string, unknown>): SafeIds {
  const warnings: string[] = [];
  if (!isRecord(value['mcpServers'])) return { value, warnings, toSource: (path) => path };
  const taken = new Set(Object.keys(value['mcpServers']).filter((id) => SAFE_ID.test(id)));
  const written = new Map<string, string>();
  const servers: [string, unknown][] = [];
  for (const [id, server] of Object.entries(value['mcpServers'])) {
    const safe = SAFE_ID.test(id) ? id : freeId(id, taken);
    if (safe !== id) warnings.push(`server ${JSON.stringify(id)} is called ${JSON.stringify(safe)} here`);
    written.set(safe, id);
    servers.push([safe, server]);
  }
  return {
    value: { ...value, mcpServers: Object.fromEntries(servers) },
    warnings,
    toSource: ([top, id, ...rest]) =>
      id === undefined
        ? top === undefined
          ? []
          : [top]
        : [top as string, top === 'mcpServers' ? (written.get(String(id)) ?? id) : id, ...rest],
  };
}

/** An id made of a name, unlike any that is taken. */
export function freeId(name: string, taken: Set<string>): string {
  const base =
    name
      // As the predecessor named the tools of `a.b`.
      .replace(/\./g, '_')
      .replace(/[^A-Za-z0-9_-]+/g, '-')
      .replace(/^[-_]+|-+$/g, '')
      .slice(0, 48) || 'server';
  let candidate = base;
  for (let i = 2; taken.has(candidate); i++) candidate = `${base}-${i}`;
  taken.add(candidate);
  return candidate;
}
