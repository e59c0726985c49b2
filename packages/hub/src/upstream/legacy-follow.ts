import { isRecord } from '@hatago/protocol';
import type { ConnectionContext, ConnectionEvents } from './connection.ts';
import type { Peer } from './peer.ts';

/** Keeps the resource subscriptions of a legacy session as they are wanted. */
export interface Follower {
  follow(resources: ReadonlySet<string>): void;
  /** A new session knows of no subscription; what was missed meanwhile counts as changed. */
  restart(capabilities: Record<string, unknown>): void;
  /** Reports everything we listen for as changed. */
  reportMissed(): void;
}

/** Makes the {@link Follower} of a session. */
export function createFollower(
  peer: Peer,
  context: ConnectionContext,
  events: ConnectionEvents,
  capabilities: Record<string, unknown>,
): Follower {
  let offered = capabilities;
  const wanted = new Set<string>();
  const has = (list: 'tools' | 'prompts' | 'resources', member: string): boolean => {
    const capability = offered[list];
    return isRecord(capability) && capability[member] === true;
  };
  const tell = (method: string, uri: string): void => {
    if (!has('resources', 'subscribe')) return;
    void peer.own(method, JSON.stringify({ uri }), context.timeouts.requestMs);
  };
  const reportMissed = (): void => {
    for (const list of ['tools', 'prompts', 'resources'] as const) {
      if (has(list, 'listChanged')) events.emit({ type: 'changed', list });
    }
    for (const uri of wanted) events.emit({ type: 'updated', uri });
  };
  return {
    follow(resources) {
      for (const uri of resources) {
        if (wanted.has(uri)) continue;
        wanted.add(uri);
        tell('resources/subscribe', uri);
      }
      for (const uri of wanted) {
        if (resources.has(uri)) continue;
        wanted.delete(uri);
        tell('resources/unsubscribe', uri);
      }
    },
    restart(next) {
      offered = next;
      for (const uri of wanted) tell('resources/subscribe', uri);
      reportMissed();
    },
    reportMissed,
  };
}
