import { isRecord } from '@hatago/protocol';
import { withSafeIds } from './safe-ids.ts';

/** One server as it stands in a file itself, references unexpanded. */
export interface WrittenServer {
  /** What it is called by the hub. */
  readonly id: string;
  readonly path: readonly (string | number)[];
  readonly entry: Readonly<Record<string, unknown>>;
}

/** The servers of a document, under our own name for them or another one, as an object or a list. */
export function writtenServers(document: Readonly<Record<string, unknown>>): WrittenServer[] {
  return ['mcpServers', 'servers'].flatMap((key): WrittenServer[] => {
    const servers = document[key];
    if (Array.isArray(servers)) {
      return servers.flatMap((entry: unknown, i) =>
        isRecord(entry) && typeof entry['id'] === 'string' ? [{ id: entry['id'], path: [key, i], entry }] : [],
      );
    }
    if (!isRecord(servers)) return [];
    // An id that cannot stand in a name is another one here than in the file.
    const ids = Object.keys(withSafeIds({ mcpServers: servers }).value['mcpServers'] as object);
    return Object.entries(servers).flatMap(([written, entry], i) =>
      isRecord(entry) ? [{ id: ids[i] ?? written, path: [key, written], entry }] : [],
    );
  });
}

/** Where a new server of this id is written; undefined in a document that has a list of them, which is an old format. */
export function placeOfServer(document: Readonly<Record<string, unknown>>, id: string): readonly string[] | undefined {
  if ('mcpServers' in document || !('servers' in document)) return ['mcpServers', id];
  return isRecord(document['servers']) ? ['servers', id] : undefined;
}
