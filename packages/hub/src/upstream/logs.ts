import { LOG_LEVELS, type LogLevel, type Payload } from '@hatago/protocol';
import type { Peer } from './peer.ts';
import type { Pending } from './pending.ts';

/**
 * Hands a log message to the calls it belongs to: the one it is known to come from; else the only one in flight; else all
 * in flight when they are of one session; else none. Each call hears no more than the level it asked for.
 */
export function relayLog(peer: Peer, params: Payload, related: Pending | undefined): void {
  const severity = severityOf(params.text('level'));
  if (related !== undefined) {
    deliver(related, params, severity);
    return;
  }
  const all = [...peer.inFlight()];
  const session = all[0]?.call?.session?.id;
  const together = all.length === 1 || (session !== undefined && all.every((one) => one.call?.session?.id === session));
  if (together) for (const pending of all) deliver(pending, params, severity);
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
