import { createLineReader, joinAdjacent } from './line-reader.ts';
import { createMemory } from './memory.ts';

/** A connection to the hub that has the lock. */
export interface Link {
  /** Sends whole lines; false when they should not come faster than this. */
  send(lines: readonly Buffer[]): boolean;
  /** Whether all that was sent has left. */
  readonly isSent: boolean;
  /** Nothing more is sent; what the hub still has to say is heard. */
  finish(): void;
  pause(): void;
  resume(): void;
  destroy(): void;
}

/** What a link reports. */
export interface LinkEvents {
  /** Whole lines of the hub's with their newlines; good until `isTaken` says that they were taken. */
  onLines(lines: readonly Buffer[]): void;
  isTaken(): boolean;
  /** The hub goes in an orderly way, and its clients with it or to another hub. */
  onLeaving(isEnd: boolean): void;
  onDrain(): void;
  /** Nothing comes any more. */
  onClose(): void;
}

/** The first line of a hub to a bridge: what begins the one line by which it announces that it goes. */
export interface Greeting {
  readonly hatago: 1;
  readonly pid: number;
  /** Known to nobody else, so that no server can send that line through the hub. */
  readonly farewell: string;
}

const CHUNK_BYTES = 64 * 1024;

/** Connects to a hub and waits for its greeting; undefined when there is none in time. */
export async function connectLink(path: string, events: LinkEvents, limitMs: number): Promise<Link | undefined> {
  const { connect } = process.getBuiltinModule('node:net');
  let greeting: Greeting | undefined;
  let greeted: (link: Link | undefined) => void = () => {};
  const done = new Promise<Link | undefined>((resolve) => {
    greeted = resolve;
  });
  const reader = createLineReader({
    onLines: (lines) => take(lines),
    isTaken: () => events.isTaken(),
    onTooLong: () => socket.destroy(),
  });
  const memory = createMemory(() => events.isTaken());
  let chunk = memory.take(CHUNK_BYTES);
  const socket = connect({
    path,
    onread: {
      buffer: () => chunk,
      callback(bytes) {
        reader.push(chunk.subarray(0, bytes));
        memory.lend(chunk);
        chunk = memory.take(CHUNK_BYTES);
        return true;
      },
    },
  });
  const timer = setTimeout(() => socket.destroy(), limitMs);

  function take(lines: readonly Buffer[]): void {
    let passed: Buffer[] = [];
    for (const line of lines) {
      if (greeting === undefined) greet(line);
      else if (!isFarewell(line, greeting)) passed.push(line);
      else {
        if (passed.length > 0) events.onLines(passed);
        passed = [];
        events.onLeaving(line.includes('"end":true'));
      }
    }
    if (passed.length > 0) events.onLines(passed);
  }
  function greet(line: Buffer): void {
    greeting = parseGreeting(line);
    if (greeting === undefined) return void socket.destroy();
    clearTimeout(timer);
    greeted(link);
  }

  let isOver = false;
  // At the first sign, for what the client sends from now on must not go to a hub that is gone.
  function over(): void {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    socket.destroy();
    if (greeting === undefined) greeted(undefined);
    else events.onClose();
  }
  socket.on('drain', () => events.onDrain());
  for (const sign of ['end', 'error', 'close']) socket.on(sign, over);

  const link: Link = {
    send(outgoing) {
      socket.cork();
      for (const piece of joinAdjacent(outgoing)) socket.write(piece);
      socket.uncork();
      return !socket.writableNeedDrain;
    },
    get isSent() {
      return socket.writableLength === 0;
    },
    finish: () => void socket.end(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    destroy: () => void socket.destroy(),
  };
  return done;
}

const FAREWELL_BYTES = 256;

const isFarewell = (line: Buffer, { farewell }: Greeting): boolean =>
  line.length < FAREWELL_BYTES && line.includes(farewell);

function parseGreeting(line: Buffer): Greeting | undefined {
  try {
    const said = JSON.parse(line.toString('utf8')) as Partial<Greeting>;
    return said.hatago === 1 && typeof said.farewell === 'string' ? (said as Greeting) : undefined;
  } catch {
    return undefined;
  }
}
