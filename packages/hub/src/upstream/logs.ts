import { LOG_LEVELS, type LogLevel, type Payload } from '@hatago/protocol';
import type { Peer } from './peer.ts';
import type { Pending } from './pending.ts';

/**
 * Hands a log message to the call it belongs to: the one it is known to come from, else the only one the server can be at
 * work on, else none. The call hears no more than the level it asked for.
 */
export function relayLog(peer: Peer, params: Payload, related: Pending | undefined): void {
  const owner = related ?? soleOf(peer);
  if (owner !== undefined) deliver(owner, params, severityOf(params.text('level')));
}

function soleOf(peer: Peer): Pending | undefined {
  if (peer.callers !== 1 || peer.ghosts() > 0) return undefined;
  for (const pending of peer.inFlight()) return pending;
  return undefined;
}

function deliver(pending: Pending, params: Payload, severity: number): void {
  const wanted = pending.call?.envelope.logLevel;
  if (wanted !== undefined && severity >= severityOf(wanted)) {
    pending.deliver({ method: 'notifications/message', params });
  }
}

/** Position of a level among {@link LOG_LEVELS}; what is no level counts as the most severe. */
export function severityOf(level: LogLevel | string | undefined): number {
  const at = LOG_LEVELS.indexOf(level as LogLevel);
  return at === -1 ? LOG_LEVELS.length : at;
}
