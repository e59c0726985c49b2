import type { Readable, Writable } from 'node:stream';
import { createConversation } from './conversation.ts';
import { type Found, findHub, type HubPlace } from './find-hub.ts';
import { createLineReader, joinAdjacent } from './line-reader.ts';
import { connectLink, type Link, type LinkEvents } from './link.ts';

/** How a bridge ended: its client went, it was told to end, or there was no hub any more and none could be made. */
export type BridgeEnd = 'client' | 'told' | 'failed';

/** What a bridge joins. */
export interface BridgeOptions {
  readonly place: HubPlace;
  readonly input: Readable;
  readonly output: Writable;
  /** Makes this process the hub: resolves with the path where it takes clients, undefined when it cannot. */
  takeOver(seat: Extract<Found, { kind: 'seat' }>): Promise<string | undefined>;
}

/** One client's way to a hub that another process is, or this one becomes. */
export interface Bridge {
  /** What the link that it is to use first must report to. */
  readonly events: LinkEvents;
  /** Begins to carry messages. */
  run(link: Link): Promise<BridgeEnd>;
  /** This process ends: there is no other hub to be looked for. */
  tellEnd(): void;
}

/** What the client may send while there is no hub before it is no longer read. */
const FULL_BYTES = 1024 * 1024;
const OWN_HUB_MS = 10_000;

/** Makes a bridge; whatever happens to hubs, its client gets one answer to each request. */
export function createBridge(options: BridgeOptions): Bridge {
  const { input, output } = options;
  const conversation = createConversation();
  /** Where messages are sent; undefined while there is no hub, or it goes. */
  let link: Link | undefined;
  /** Where messages come from, as long as they do. */
  let source: Link | undefined;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let isTold = false;
  let isOver = false;
  let finish: (end: BridgeEnd) => void = () => {};
  const done = new Promise<BridgeEnd>((resolve) => {
    finish = resolve;
  });

  const write = (lines: readonly Buffer[]): void => {
    if (lines.length === 0 || output.destroyed) return;
    if (!writeLines(output, lines)) source?.pause();
  };
  const send = (to: Link, lines: readonly Buffer[]): void => {
    for (const line of lines) conversation.fromClient(line);
    if (!to.send(lines)) input.pause();
  };
  const end = (how: BridgeEnd): void => {
    if (isOver) return;
    isOver = true;
    input.pause();
    output.write('', () => finish(how));
  };

  const events: LinkEvents = {
    onLines: (lines) => write(lines.filter((line) => conversation.fromHub(line))),
    isTaken: () => output.writableLength === 0,
    onLeaving(isEnd) {
      isTold ||= isEnd;
      link?.send(conversation.leaving());
      link?.finish();
      link = undefined;
    },
    onDrain: () => input.resume(),
    onClose: () => void lost(),
  };

  async function lost(): Promise<void> {
    link = undefined;
    source = undefined;
    if (isOver || isEnded) return end('client');
    write(conversation.lost(isTold));
    if (isTold) return end('told');
    const next = await findNext(options, events, () => isOver);
    if (isOver) return next?.destroy();
    if (next !== undefined) return join(next);
    for (const line of waiting) conversation.fromClient(line);
    write(conversation.lost(true));
    end('failed');
  }

  function join(next: Link): void {
    const lines = waiting;
    waiting = [];
    waitingBytes = 0;
    link = next;
    source = next;
    next.send(conversation.replay());
    input.resume();
    if (lines.length > 0) send(next, lines);
    if (isEnded) next.finish();
  }

  let isEnded = false;
  const reader = createLineReader({
    onLines(lines) {
      if (link !== undefined) return send(link, lines);
      for (const line of lines) {
        waiting.push(Buffer.from(line));
        waitingBytes += line.length;
      }
      if (waitingBytes > FULL_BYTES) input.pause();
    },
    isTaken: () => source?.isSent ?? true,
    onTooLong: () => closed(),
  });
  function closed(): void {
    if (isEnded) return;
    isEnded = true;
    reader.end();
    if (link === undefined) end('client');
    else link.finish();
  }

  return {
    events,
    run(first) {
      link = first;
      source = first;
      input.on('data', (chunk: Buffer) => reader.push(chunk));
      input.once('end', closed);
      input.once('close', closed);
      input.once('error', closed);
      output.on('drain', () => source?.resume());
      output.once('error', () => {
        source?.destroy();
        end('client');
      });
      return done;
    },
    tellEnd() {
      isTold = true;
    },
  };
}

/** Writes whole lines; false when they should not come faster than this. */
function writeLines(output: Writable, lines: readonly Buffer[]): boolean {
  output.cork();
  for (const piece of joinAdjacent(lines)) output.write(piece);
  output.uncork();
  return !output.writableNeedDrain;
}

/** Connects to the hub that follows, which this process may have to become. */
async function findNext(
  { place, takeOver }: BridgeOptions,
  events: LinkEvents,
  isOver: () => boolean,
): Promise<Link | undefined> {
  const found = await findHub(place, events);
  if (found.kind === 'link') return found.link;
  if (isOver()) {
    found.lock.release();
    return undefined;
  }
  const socket = await takeOver(found);
  return socket === undefined ? undefined : connectLink(socket, events, OWN_HUB_MS);
}
