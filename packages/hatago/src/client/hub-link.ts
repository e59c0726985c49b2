import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { deliver } from '@hatago/hub/upstream/deliver.ts';
import { LinkError, type OpenLink } from '@hatago/hub/upstream/link.ts';
import { packPieces } from '@hatago/hub/upstream/pack.ts';
import { scan } from '@hatago/protocol';
import { connectLink } from '../bridge/link.ts';
import { findHolder } from '../lock/lock.ts';

const GREETING_MS = 5000;
/** How the file of a lock is called: what it is of, and the process that holds it. */
const LOCK = /^([\da-f]{16})\.(\d+)\.\d+\.lock$/;

/** Where the hub of that process takes further clients; undefined where it takes none. */
export function clientSocketOf(home: string, pid: number): string | undefined {
  const folder = join(home, 'run');
  for (const name of readdirSync(folder)) {
    const [, key, holder] = LOCK.exec(name) ?? [];
    if (key === undefined || Number(holder) !== pid) continue;
    const found = findHolder(folder, key);
    if (found?.kind === 'busy') return found.holder.socket;
  }
  return undefined;
}

/** Speaks with a hub as one of the clients that share it. */
export function hubLink(socket: string): OpenLink {
  return async (events) => {
    let isOver = false;
    const link = await connectLink(
      socket,
      {
        onLines(lines) {
          for (const line of lines) {
            const scanned = scan(line);
            if (scanned.ok && !isOver) deliver(scanned.value, undefined, events);
          }
        },
        // What was scanned is read later: the memory below it must not be used again.
        isTaken: () => false,
        onLeaving: () => {},
        onDrain: () => {},
        onClose() {
          if (!isOver) events.closed({ kind: 'lost', message: 'the hub has ended' });
          isOver = true;
        },
      },
      GREETING_MS,
    );
    if (link === undefined) throw new LinkError({ kind: 'unsent', message: 'the hub does not answer' });
    return {
      attributed: false,
      send: ({ message }) => void link.send([packPieces([...message, '\n'])]),
      cancel: () => {},
      async close() {
        isOver = true;
        link.destroy();
      },
    };
  };
}
