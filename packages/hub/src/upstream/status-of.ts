import type { ServerState } from '../core/supervised.ts';
import type { Offers, UpstreamStatus } from '../core/upstream.ts';
import { codeOf } from './failures.ts';
import type { LinkFailure } from './link.ts';
import type { Blocked } from './spec.ts';

/** What the status of a server is made out from. */
export interface StatusParts {
  readonly blocked: Blocked | undefined;
  readonly state: ServerState;
  readonly reason: string | undefined;
  readonly held: boolean;
  /** How the last attempt to reach it failed. */
  readonly failure: LinkFailure | undefined;
  readonly offers: Offers | undefined;
}

/** What each state is to those who only want to know whether it can be used. */
const STATUS: Readonly<Record<ServerState, UpstreamStatus['state']>> = {
  STOPPED: 'stopped',
  STARTING: 'starting',
  RUNNING: 'ready',
  STOPPING: 'stopped',
  CRASHED: 'failed',
};

/** The status of a server as its routes see it. */
export function statusOf({ blocked, state, reason, held, failure, offers }: StatusParts): UpstreamStatus {
  if (blocked !== undefined) {
    const { code, message, fix } = blocked;
    return { state: 'stopped', error: message, offers, code, held: true, ...(fix === undefined ? {} : { fix }) };
  }
  const plain: UpstreamStatus = { state: STATUS[state], error: undefined, offers, ...(held ? { held } : {}) };
  if (state === 'STARTING') return { ...plain, error: reason };
  if (state !== 'CRASHED') return plain;
  const code = failure === undefined ? 'HATAGO_UPSTREAM_UNAVAILABLE' : codeOf(failure);
  return { ...plain, error: reason, code, ...(failure?.fix === undefined ? {} : { fix: failure.fix }) };
}
