import type { HubCode } from '@hatago/protocol';

/** Whether a server can be used, and if not, what kind of thing it waits for. */
export type ReadinessState =
  | 'ready'
  | 'starting'
  | 'lazy'
  | 'needs sign-in'
  | 'needs a secret'
  | 'needs a runtime'
  | 'needs approval'
  | 'failing'
  | 'quarantined'
  | 'disabled';

/** Whether a server can be used, in words for a person. */
export interface Readiness {
  readonly state: ReadinessState;
  /** Row of the error table; undefined where nothing is wrong. */
  readonly code: HubCode | undefined;
  /** What is the matter, one sentence; undefined where nothing is wrong. */
  readonly message: string | undefined;
  /** The command that mends it; undefined where nothing is wrong or no command does. */
  readonly fix: string | undefined;
}
