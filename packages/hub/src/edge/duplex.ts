import {
  type Classified,
  type ClassifiedBatch,
  type ClassifiedRequest,
  classify,
  type HubCode,
  type Payload,
  type Piece,
  type RequestId,
  type Scanned,
  scan,
} from '@hatago/protocol';
import type { Principal } from '../core/exchange.ts';
import { ShortMap } from '../core/short-map.ts';
import type { EdgeDeps } from './deps.ts';
import { DuplexCall } from './duplex-call.ts';
import { createPipeSession } from './duplex-legacy.ts';
import type { Sink } from './legacy-sink.ts';
import type { ModernRequest } from './modern.ts';
import { scanErrorCode } from './scan-error-code.ts';
import { refusal } from './wire.ts';

/** A pipe to one client that carries messages of both eras both ways. */
export interface DuplexOptions {
  readonly principal: Principal;
  readonly route: string;
  /** Sends one message. */
  write(message: readonly Piece[]): void;
  /** What `initialize` is answered from in place of the servers, where they must not be waited for. */
  discover?(): Payload | undefined;
}

/** The hub's end of such a pipe. */
export interface Duplex {
  /** Takes one message of the client's. */
  message(bytes: Uint8Array): void;
  /** Refuses new requests from now on. */
  drain(): void;
  /** The client is gone, or the hub goes: ends everything under way. */
  close(reason: string): void;
  /** Requests under way. */
  readonly inFlight: number;
}

const NULL = new TextEncoder().encode('null');
/** Batches exist in this version alone. */
const BATCH_VERSION = '2025-03-26';
const noHeader = (): undefined => undefined;

/** Makes the hub's end of a pipe: one legacy session at most, and modern requests beside it. */
export function createDuplex(deps: EdgeDeps, options: DuplexOptions): Duplex {
  const calls = new ShortMap<RequestId, DuplexCall>();
  let draining = false;
  let closed = false;

  const write = (message: readonly Piece[]): void => {
    if (!closed) options.write(message);
  };
  const sink: Sink = {
    message(message) {
      write(message);
      return !closed;
    },
    answer: write,
    drop() {},
  };
  const { principal, route } = options;
  const legacy = createPipeSession(deps, { principal, route, sink, discover: () => options.discover?.() });
  const refuse = (to: Sink, code: HubCode, id: Uint8Array, message?: string): void =>
    to.answer(refusal(code, id, message === undefined ? {} : { message }).message);

  function batch({ elements }: ClassifiedBatch): void {
    if (legacy.session?.version !== BATCH_VERSION || elements.length > deps.limits.maxBatch) {
      return refuse(sink, 'HATAGO_INVALID_REQUEST', NULL, 'Batches are not part of this version, or it is too long.');
    }
    const gathered = gather(sink, elements.length);
    for (const element of elements) if (!receive(element, gathered)) gathered.drop();
  }

  /** Acts on one scanned message; false when no answer is due. */
  function receive(scanned: Scanned, to: Sink): boolean {
    const found = classify(noHeader, scanned, 'duplex');
    if (!found.ok) {
      to.answer(refusal(found.error.code, found.error.idBytes, found.error.detail).message);
      return true;
    }
    take(found.value, to);
    return found.value.kind === 'request';
  }

  function take(classified: Classified, to: Sink): void {
    if (classified.kind === 'batch') return batch(classified);
    if (classified.kind === 'request' && draining) return refuse(to, 'HATAGO_DRAINING', classified.idBytes);
    if (classified.kind === 'notification' && classified.method === 'notifications/cancelled') {
      const call = calls.get(classified.params.member('requestId')?.value() as RequestId);
      if (call !== undefined)
        return call.cancel(classified.params.text('reason') ?? 'the client cancelled the request');
    }
    if (classified.era === 'legacy') legacy.take(classified, to);
    else if (classified.kind === 'request') modern(classified as ClassifiedRequest & ModernRequest);
  }

  function modern(request: ModernRequest): void {
    if (calls.has(request.id)) {
      return refuse(sink, 'HATAGO_INVALID_REQUEST', request.idBytes, 'A request with this id is still in flight.');
    }
    if (calls.size >= deps.limits.maxInFlight) return refuse(sink, 'HATAGO_OVERLOADED', request.idBytes);
    const over = (): void => {
      if (calls.get(request.id) === call) calls.delete(request.id);
    };
    const call = new DuplexCall(deps, request, { principal, route, write, over });
    calls.set(request.id, call);
    call.start();
  }

  return {
    get inFlight() {
      return calls.size + (legacy.session?.callCount ?? 0);
    },
    message(bytes) {
      if (closed) return;
      const scanned = scan(bytes, 0, bytes.length, deps.limits.scan);
      if (!scanned.ok) refuse(sink, scanErrorCode(scanned.error), NULL);
      else receive(scanned.value, sink);
    },
    drain() {
      draining = true;
    },
    close(reason) {
      if (closed) return;
      draining = true;
      for (const call of calls.values()) call.end(reason);
      legacy.end(reason);
      closed = true;
    },
  };
}

/** Collects the answers to a batch and sends them as one array. */
function gather(sink: Sink, due: number): Sink {
  const answers: Piece[] = ['['];
  let left = due;
  const settle = (): void => {
    if (--left > 0 || answers.length === 1) return;
    answers.push(']');
    sink.message(answers);
  };
  return {
    message: (message) => sink.message(message),
    answer(message) {
      if (answers.length > 1) answers.push(',');
      answers.push(...message);
      settle();
    },
    drop: settle,
  };
}
