import { methodInfo } from '@hatago/protocol';
import type { UpstreamCall } from '../core/upstream.ts';
import { declaredBy } from './legacy-handshake.ts';
import type { LeaseTerms } from './pool.ts';
import type { UpstreamLimits, UpstreamSpec } from './spec.ts';

/** What decides on which connection a call goes. */
export interface LeaseChoice {
  readonly spec: UpstreamSpec;
  readonly limits: UpstreamLimits;
  /** The server asks its client during calls, without saying for which. */
  readonly interactive: boolean;
  readonly legacy: boolean;
}

/** The terms of a connection beside the shared one; undefined for a call that the shared one carries. */
export function leaseTermsOf(call: UpstreamCall, choice: LeaseChoice): LeaseTerms | undefined {
  const { spec, limits, interactive, legacy } = choice;
  const { isolation, capabilities, forbidSecondProcess } = spec;
  const declared = capabilities === 'session' && legacy ? declaredBy(call.envelope.clientCapabilities.value()) : {};
  const fingerprint = JSON.stringify(declared);
  const session = call.session?.id;
  const isolated = isolation === 'session' && session !== undefined;
  // A session that is isolated stays on its one connection, for its state is there: all that is asked on it is its own.
  const asking = !isolated && interactive && legacy && methodInfo(call.method)?.mrtr === true;
  const { sessionIdleMs, leaseIdleMs } = limits;
  const client = isolated ? call.session : undefined;
  const terms = { client, capabilities: declared, idleMs: session === undefined ? leaseIdleMs : sessionIdleMs };
  if (asking && forbidSecondProcess === true) {
    return { ...terms, key: 'serial', exclusive: true, max: 1, session: undefined };
  }
  if (asking) {
    const key = `asking ${session ?? ''} ${fingerprint}`;
    const max = session === undefined ? Number.POSITIVE_INFINITY : 1;
    return { ...terms, key, exclusive: true, max, session };
  }
  if (!isolated && fingerprint === '{}') return undefined;
  const owner = isolated ? session : undefined;
  return { ...terms, key: `shared ${owner ?? ''} ${fingerprint}`, exclusive: false, max: 1, session: owner };
}
