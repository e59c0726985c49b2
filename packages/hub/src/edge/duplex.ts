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
import { scanErrorCode } from './http.ts';
import { initialize } from './initialize.ts';
import type { LegacyRequest, LegacySession } from './legacy-session.ts';
import type { Sink } from './legacy-sink.ts';
import type { ModernRequest } from './modern.ts';
import { errorMessage, refusal, resultMessage } from './wire.ts';

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
const noHeader = (): undefined => undefined;

/** Makes the hub's end of a pipe: one legacy session at most, and modern requests beside it. */
export function createDuplex(deps: EdgeDeps, options: DuplexOptions): Duplex {
  const calls = new ShortMap<RequestId, DuplexCall>();
  let session: LegacySession | undefined;
  /** Messages that came while `initialize` was being answered. */
  let early: Classified[] | undefined;
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
  const refuse = (code: HubCode, id: Uint8Array, message?: string): void =>
    write(refusal(code, id, message === undefined ? {} : { message }).message);

  function open(request: LegacyRequest): void {
    if (session !== undefined || early !== undefined) {
      return refuse('HATAGO_INVALID_REQUEST', request.idBytes, 'This connection is initialized already.');
    }
    early = [];
    const discover = options.discover?.();
    const from = { principal: options.principal, route: options.route };
    initialize(deps, request, discover === undefined ? from : { ...from, discover }, (initialized) => {
      const waiting = early ?? [];
      early = undefined;
      if (closed) return;
      if (initialized.ok) {
        session = initialized.session;
        write(resultMessage(request.idBytes, initialized.result));
      } else write(errorMessage(request.idBytes, initialized.error.pieces()));
      for (const one of waiting) take(one, sink);
    });
  }

  function legacy(classified: Classified, to: Sink): void {
    if (classified.kind === 'request') {
      const request = classified as LegacyRequest;
      if (request.method === 'initialize') return open(request);
      if (session !== undefined) return session.request(request, to);
      if (request.method === 'ping') return to.answer(resultMessage(request.idBytes, ['{}']));
      const message = 'Send `initialize` first, or requests that carry their protocol version in `_meta`.';
      return to.answer(refusal('HATAGO_INVALID_REQUEST', request.idBytes, { message }).message);
    }
    if (classified.kind === 'batch') return batch(classified);
    if (classified.kind === 'response') return session?.response(classified);
    if (classified.method === 'notifications/initialized') session?.stand(sink);
    else session?.notification(classified);
  }

  function batch(classified: ClassifiedBatch): void {
    const { elements } = classified;
    if (session?.version !== '2025-03-26' || elements.length === 0 || elements.length > deps.limits.maxBatch) {
      return refuse(
        'HATAGO_INVALID_REQUEST',
        NULL,
        'Batches are not part of this version, or this one is empty or too long.',
      );
    }
    const gathered = gather(sink, elements.length);
    for (const element of elements) {
      const found = receive(element, gathered);
      if (!found) gathered.drop();
    }
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
    if (classified.kind === 'request' && draining) {
      return to.answer(refusal('HATAGO_DRAINING', classified.idBytes).message);
    }
    if (classified.kind === 'notification' && classified.method === 'notifications/cancelled') {
      const call = calls.get(classified.params.member('requestId')?.value() as RequestId);
      if (call !== undefined)
        return call.cancel(classified.params.text('reason') ?? 'the client cancelled the request');
    }
    if (classified.era === 'modern') {
      if (classified.kind === 'request') modern(classified as ClassifiedRequest & ModernRequest);
      return;
    }
    if (early !== undefined && !(classified.kind === 'request' && classified.method === 'initialize')) {
      if (early.length < deps.limits.maxInFlight) early.push(classified);
      return;
    }
    legacy(classified, to);
  }

  function modern(request: ModernRequest): void {
    if (calls.has(request.id)) {
      return refuse('HATAGO_INVALID_REQUEST', request.idBytes, 'A request with this id is still in flight.');
    }
    if (calls.size >= deps.limits.maxInFlight) return refuse('HATAGO_OVERLOADED', request.idBytes);
    const call = new DuplexCall(deps, request, {
      principal: options.principal,
      route: options.route,
      write,
      over: () => {
        if (calls.get(request.id) === call) calls.delete(request.id);
      },
    });
    calls.set(request.id, call);
    call.start();
  }

  return {
    get inFlight() {
      return calls.size + (session?.callCount ?? 0);
    },
    message(bytes) {
      if (closed) return;
      const scanned = scan(bytes, 0, bytes.length, deps.limits.scan);
      if (!scanned.ok) refuse(scanErrorCode(scanned.error), NULL);
      else receive(scanned.value, sink);
    },
    drain() {
      draining = true;
    },
    close(reason) {
      if (closed) return;
      draining = true;
      for (const call of calls.values()) call.end(reason);
      session?.end(reason);
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
