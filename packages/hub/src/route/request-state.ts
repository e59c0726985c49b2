import { err, isRecord, ok, type Result } from '@hatago/protocol';
import type { Exchange } from '../core/exchange.ts';
import { digestOf } from './digest.ts';
import type { Sealer } from './seal.ts';

/** What the hub has to know again when a client comes back with its answers. */
export interface Frame {
  /** The server that asked. */
  readonly upstream: string;
  /** The server's own name or URI where it differs from the public one. */
  readonly target: string | undefined;
  /** The tool's structured output is wrapped for legacy clients. */
  readonly wrap: boolean;
  /** The server's own `requestState`; null when it gave none. */
  readonly inner: string | null;
  /** The generation the request began on. */
  readonly generation?: number;
}

/** Makes and reads the `requestState` the hub hands out. */
export interface RequestStates {
  /** The state for the client that sent this exchange, and for nobody else and nothing else. */
  seal(exchange: Exchange, frame: Frame): string;
  /** The frame of a state this very request was given, else why it is none. */
  open(exchange: Exchange, state: string): Result<Frame, string>;
}

/** Options of {@link createRequestStates}. */
export interface RequestStatesOptions {
  readonly sealer: Sealer;
  /** How long a client may take to answer. @default 600000 */
  readonly ttlMs?: number;
  /** Id of this process among replicas; the node that holds a parked call. @default 'local' */
  readonly node?: string;
}

/** A frame as it is sealed: with what binds it to one caller, route and request. */
interface SealedFrame {
  readonly p: string;
  readonly r: string;
  readonly m: string;
  readonly d: string;
  readonly n: string;
  readonly u: string;
  readonly t?: string;
  readonly w?: true;
  readonly g?: number;
  readonly i: string | null;
}

const USE = 'request-state';

/**
 * Request states are a list of frames, sealed together: the innermost is the server's own, what the hub asks on top of
 * it comes first.
 * @see MCP 2026-07-28 basic/patterns/mrtr
 */
export function createRequestStates(options: RequestStatesOptions): RequestStates {
  const { sealer, ttlMs = 600_000, node = 'local' } = options;
  return {
    seal(exchange, { upstream, target, wrap, inner, generation }) {
      const frame: SealedFrame = {
        p: exchange.principal.id,
        r: exchange.route,
        m: exchange.method,
        d: digestOf(exchange.params),
        n: node,
        u: upstream,
        ...(target === undefined ? undefined : { t: target }),
        ...(wrap ? { w: true } : undefined),
        ...(generation === undefined ? undefined : { g: generation }),
        i: inner,
      };
      return sealer.seal(USE, [frame], ttlMs);
    },
    open(exchange, state) {
      const opened = sealer.open(USE, state);
      if (!opened.ok) return err(opened.error);
      const frames = opened.value;
      const frame = Array.isArray(frames) ? (frames.at(-1) as unknown) : undefined;
      if (!isRecord(frame)) return err('malformed');
      const { p, r, m, d, u, t, w, g, i } = frame as unknown as SealedFrame;
      if (p !== exchange.principal.id) return err('principal');
      if (r !== exchange.route) return err('route');
      if (m !== exchange.method) return err('method');
      if (d !== digestOf(exchange.params)) return err('params');
      return ok({
        upstream: u,
        target: t,
        wrap: w === true,
        inner: i,
        ...(g === undefined ? undefined : { generation: g }),
      });
    },
  };
}
