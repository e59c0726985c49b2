import type { Readable, Writable } from 'node:stream';
import { LOCAL } from '../core/exchange.ts';
import { createLineFramer } from '../core/framing.ts';
import type { EdgeDeps } from './deps.ts';
import { createDuplex } from './duplex.ts';
import { createLineWriter } from './line-writer.ts';
import { openDiscover } from './open-discover.ts';
import { refusal } from './wire.ts';

/** The pipe a client speaks through. */
export interface StdioOptions {
  readonly input: Readable;
  /** Carries protocol messages and nothing else. */
  readonly output: Writable;
  /** @default '/mcp' */
  readonly route?: string;
}

/** A running stdio edge. */
export interface StdioEdge {
  /** Resolves when the client closed its end, or the edge was closed, and the last answer is written. */
  readonly done: Promise<void>;
  /** Refuses new requests from now on. */
  drain(): void;
  /** Requests under way. */
  readonly inFlight: number;
  close(reason: string): void;
}

const NULL = new TextEncoder().encode('null');

/** Serves one client of either era over a pair of streams; `initialize` is answered at once, whatever the servers do. */
export function serveStdio(deps: EdgeDeps, options: StdioOptions): StdioEdge {
  const { input, output } = options;
  const route = options.route ?? '/mcp';
  const discover = openDiscover(deps, route);
  let finish: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const writer = createLineWriter(output, {
    // A client that does not read is not read from either, or its answers would pile up here.
    onFull: () => input.pause(),
    onDrain: () => input.resume(),
  });
  const duplex = createDuplex(deps, { principal: LOCAL, route, write: writer.write, discover });
  const refuse = (message: string): void => writer.write(refusal('HATAGO_PARSE', NULL, { message }).message);
  const framer = createLineFramer({
    maxLineBytes: deps.limits.maxMessageBytes,
    onLine: (source, start, end) => duplex.message(source.subarray(start, end)),
    onTooLong: () => refuse('The message is too long.'),
    onEndless() {
      refuse('The message has no end.');
      close('the client sent an endless line');
    },
  });

  let closed = false;
  function close(reason: string): void {
    if (closed) return;
    closed = true;
    duplex.close(reason);
    input.removeListener('data', onData);
    input.pause();
    writer.flush(finish);
  }
  const onData = (chunk: Uint8Array): void => framer.push(chunk);
  input.on('data', onData);
  input.once('end', () => {
    framer.end();
    close('the client closed its end');
  });
  input.once('close', () => close('the client closed its end'));
  input.once('error', () => close('the input failed'));
  output.on('error', () => close('the output failed'));
  return {
    done,
    drain: () => duplex.drain(),
    get inFlight() {
      return duplex.inFlight;
    },
    close,
  };
}
