import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { type Piece, scan } from '@hatago/protocol';
import { createLineFramer, type LineFramer } from '../core/framing.ts';
import { deliver, isMessage } from './deliver.ts';
import type { ProcessGuard } from './guard.ts';
import type { HeadStart } from './head-start.ts';
import {
  type Link,
  type LinkDeps,
  LinkError,
  type LinkEvents,
  type LinkFailure,
  MAX_MESSAGE_BYTES,
  MAX_QUEUED_BYTES,
  type Outgoing,
} from './link.ts';
import { packPieces, sizeOfPieces } from './pack.ts';
import { type PipeReader, readPipe } from './pipe-reader.ts';
import { toPlainText } from './plain-text.ts';
import { endProcessGroup } from './process-group.ts';
import { programRuns, type StdioSpec, startProgram } from './program.ts';
import { responseIdOf } from './response-id.ts';
import { createStderrLog, type StderrLog } from './stderr.ts';

/** What a child process is opened with besides. */
export interface StdioDeps extends LinkDeps {
  /** Ends the child should the hub die. */
  readonly guard?: ProcessGuard;
  /** Programs that run already. @default none */
  readonly headStart?: HeadStart;
  /** What the minimal environment is taken from. @default process.env */
  readonly inherited?: { readonly [name: string]: string | undefined };
  /** How long a child has between TERM and KILL, in milliseconds. @default 2000 */
  readonly killAfterMs?: number;
  /** Holds the group leaders that run, this child among them until nothing of its group is left. */
  readonly pids?: Set<number>;
  /** Called with the child as soon as it is there; what it returns is called when nothing of its group is left. */
  started?(pid: number): () => void;
}

const MAX_BANNERS = 20;
const BANNER_LENGTH = 200;
const LINE_END: Piece = '\n';
/** Turns of the event loop without output after which an ended child's pipe is taken to be empty. */
const IDLE_TURNS = 3;
/** Turns after which a pipe that others still write to is given up. */
const MAX_TURNS = 1000;
/** How long after the end of its group the end of a child is waited for. */
const EXIT_WITHIN_MS = 500;

/**
 * Starts a program in a process group of its own, or takes one that was started for it already, and speaks
 * newline-delimited JSON-RPC with it. Rejects with a {@link LinkError} when it cannot be started.
 * @see MCP 2026-07-28 basic/transports/stdio
 */
export async function openStdio(spec: StdioSpec, events: LinkEvents, deps: StdioDeps): Promise<Link> {
  if (deps.signal.cancelled) throw new LinkError({ kind: 'unsent', message: deps.signal.reason ?? 'cancelled' });
  const running = deps.headStart?.take(spec);
  const child = running ?? startProgram(spec, deps.inherited ?? process.env);
  if (child.pid !== undefined) {
    deps.guard?.add(child.pid);
    deps.pids?.add(child.pid);
  }
  const link = child.pid === undefined ? undefined : new StdioLink(child, events, deps);
  if (running === undefined) await programRuns(child, spec);
  return link as Link;
}

class StdioLink implements Link {
  readonly attributed = false;
  readonly #child: ChildProcess;
  readonly #pid: number;
  readonly #events: LinkEvents;
  readonly #deps: StdioDeps;
  readonly #framer: LineFramer;
  readonly #stderr: StderrLog;
  readonly #stdin: Writable;
  readonly #stdout: PipeReader;
  readonly #maxQueued: number;
  #queue: Piece[] = [];
  #queuedIds: number[] = [];
  #queuedBytes = 0;
  #scheduled = false;
  /** The pipe is full; what is queued waits for it to drain. */
  #blocked = false;
  #banners = 0;
  #chunks = 0;
  #allRead = false;
  #exited = false;
  /** What is framed from now on may be half a line: the child ended in the middle of it. */
  #cutOff = false;
  /** The end was reported or asked for: nothing is sent or read any more. */
  #over = false;
  /** The link was closed: no event is fired any more. */
  #silent = false;
  #killing: Promise<void> | undefined;
  #endless: LinkFailure | undefined;
  readonly #exit: Promise<void>;
  readonly #letGo: (() => void) | undefined;

  constructor(child: ChildProcess, events: LinkEvents, deps: StdioDeps) {
    this.#child = child;
    this.#pid = child.pid as number;
    this.#events = events;
    this.#deps = deps;
    this.#maxQueued = deps.maxQueuedBytes ?? MAX_QUEUED_BYTES;
    this.#letGo = deps.started?.(this.#pid);
    this.#stdout = readPipe(child.stdout as Readable, {
      onChunk: (bytes) => {
        this.#chunks++;
        if (!this.#over) this.#framer.push(bytes);
      },
      room: () => (this.#over ? undefined : this.#framer?.room()),
      onClose: () => {
        this.#allRead = true;
      },
    });
    this.#framer = createLineFramer({
      chunksAreReused: this.#stdout.reusesMemory,
      maxLineBytes: deps.maxMessageBytes ?? MAX_MESSAGE_BYTES,
      onLine: (source, start, end) => this.#line(source, start, end),
      onTooLong: (head, tail) => this.#tooLong(head, tail),
      onEndless: () => this.#tooMuch(),
    });
    this.#stderr = createStderrLog({ note: deps.note, now: deps.now ?? (() => performance.now()) });
    this.#stdin = child.stdin as Writable;
    this.#stdin.on('drain', () => {
      this.#blocked = false;
      this.#flush();
    });
    // A server that does not read any more cannot be called any more; what it has written is read to its end.
    this.#stdin.on('error', () => void this.#kill());
    child.stderr?.on('data', (chunk: Uint8Array) => this.#stderr.push(chunk));
    child.stderr?.on('error', () => {});
    child.on('error', () => {});
    this.#exit = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#exited = true;
        resolve();
        this.#drain(signal === null ? `the server exited with code ${code}` : `the server was ended by ${signal}`);
      });
    });
  }

  send(out: Outgoing): void {
    if (this.#over || this.#exited || this.#stdin.destroyed) {
      return this.#failSoon(out.id, { kind: 'unsent', message: 'the server is not running' });
    }
    const size = sizeOfPieces(out.message);
    if (this.#queuedBytes + this.#stdin.writableLength + size > this.#maxQueued) {
      return this.#failSoon(out.id, { kind: 'overloaded', message: 'the server does not read what it is sent' });
    }
    for (const piece of out.message) this.#queue.push(piece);
    this.#queue.push(LINE_END);
    this.#queuedBytes += size;
    if (out.id !== undefined) this.#queuedIds.push(out.id);
    if (this.#scheduled || this.#blocked) return;
    this.#scheduled = true;
    // After all that is ready to be read has been, so that what it leads to is one write.
    setImmediate(() => this.#flush());
  }

  cancel(_id: number): void {}

  stderr(): string {
    return this.#stderr.text();
  }

  async close(_reason: string): Promise<void> {
    this.#flush();
    this.#over = this.#silent = true;
    this.#stdin.end();
    await this.#kill();
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#queue.length === 0 || this.#blocked || this.#exited || this.#stdin.destroyed) return;
    const bytes = packPieces(this.#queue);
    this.#queue = [];
    this.#queuedIds = [];
    this.#queuedBytes = 0;
    this.#blocked = !this.#stdin.write(bytes);
  }

  #failSoon(id: number | undefined, failure: LinkFailure): void {
    if (id !== undefined) queueMicrotask(() => this.#failed(id, failure));
  }

  #failed(id: number, failure: LinkFailure): void {
    if (!this.#silent) this.#events.failed(id, failure);
  }

  #line(source: Uint8Array, start: number, end: number): void {
    if (this.#over) return;
    // What does not even begin like a message is not worth a scan: a server may print any amount of it.
    if (!beginsLikeMessage(source, start, end)) return this.#banner(source.subarray(start, end));
    const scanned = scan(source, start, end);
    if (scanned.ok && isMessage(scanned.value)) return deliver(scanned.value, undefined, this.#events);
    const line = source.subarray(start, end);
    if (!scanned.ok && this.#cutOff) return;
    if (scanned.ok || !looksLikeMessage(line)) return this.#banner(line);
    this.#broken(line, line, { kind: 'protocol', message: `a message is not valid JSON (${scanned.error.reason})` });
  }

  #tooLong(head: Uint8Array, tail: Uint8Array): void {
    this.#broken(head, tail, { kind: 'too_large', message: 'a message is longer than the limit and was discarded' });
  }

  #broken(head: Uint8Array, tail: Uint8Array, failure: LinkFailure): void {
    if (this.#over) return;
    const id = responseIdOf(head, tail);
    if (id === undefined) this.#deps.note({ type: 'protocol', message: failure.message });
    else this.#events.failed(id, failure);
  }

  #tooMuch(): void {
    this.#endless = { kind: 'protocol', message: 'the server wrote without end and without a newline' };
    void this.#kill();
  }

  #banner(line: Uint8Array): void {
    if (this.#banners++ >= MAX_BANNERS) return;
    const text = Buffer.from(line.buffer, line.byteOffset, Math.min(line.length, BANNER_LENGTH)).toString();
    this.#deps.note({ type: 'banner', line: toPlainText(text).trimEnd() });
  }

  /** Reads what the child wrote before it ended; `close` would wait for whoever else holds the pipe. */
  #drain(why: string): void {
    let seen = -1;
    let idle = 0;
    let turns = 0;
    const turn = (): void => {
      idle = seen === this.#chunks ? idle + 1 : 0;
      seen = this.#chunks;
      if (this.#allRead || idle >= IDLE_TURNS || ++turns >= MAX_TURNS) this.#finish(why);
      else setImmediate(turn);
    };
    setImmediate(turn);
  }

  #finish(why: string): void {
    this.#cutOff = true;
    this.#framer.end();
    this.#stderr.end();
    const ids = this.#queuedIds;
    this.#queuedIds = [];
    this.#queue = [];
    for (const id of ids) this.#failed(id, { kind: 'unsent', message: why });
    if (!this.#over) {
      this.#over = true;
      this.#events.closed(this.#endless ?? { kind: 'lost', message: why });
    }
    this.#release();
    void this.#kill();
  }

  /** Ends the whole group, whoever is left of it. */
  #kill(): Promise<void> {
    this.#killing ??= this.#end();
    return this.#killing;
  }

  async #end(): Promise<void> {
    await endProcessGroup(this.#pid, this.#deps.killAfterMs);
    if (!this.#exited) await this.#exitWithin(EXIT_WITHIN_MS);
    this.#deps.guard?.remove(this.#pid);
    this.#deps.pids?.delete(this.#pid);
    this.#letGo?.();
    this.#stdin.destroy();
    if (this.#over) this.#release();
  }

  /** A process that left the group may still hold the pipes. */
  #release(): void {
    this.#stdout.destroy();
    this.#child.stderr?.destroy();
    this.#child.unref();
  }

  #exitWithin(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      void this.#exit.then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

function beginsLikeMessage(source: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && (source[at] === 0x20 || source[at] === 0x09)) at++;
  return source[at] === 0x7b || source[at] === 0x5b;
}

/** Whether a line that is no JSON was meant as a message rather than for people to read. */
function looksLikeMessage(line: Uint8Array): boolean {
  const head = Buffer.from(line.buffer, line.byteOffset, Math.min(line.length, 1024));
  return head.includes('"jsonrpc"') || responseIdOf(head, line) !== undefined;
}
