import type { Readiness } from './readiness.ts';
import type { Supervision } from './supervised.ts';

/** Something that happened in the hub, for whoever watches it. */
export type HubEvent =
  | {
      readonly type: 'server.state';
      readonly server: string;
      readonly readiness: Readiness;
      readonly supervision: Supervision | undefined;
    }
  | {
      readonly type: 'server.lists';
      readonly server: string;
      readonly tools: number;
      readonly resources: number;
      readonly prompts: number;
    }
  | {
      readonly type: 'generation';
      readonly generation: number;
      readonly state: 'warming' | 'active' | 'draining' | 'retired' | 'failed';
      readonly message: string | undefined;
    }
  | { readonly type: 'config.rejected'; readonly errors: readonly string[] }
  | { readonly type: 'session'; readonly session: string; readonly action: 'opened' | 'closed' | 'moved' }
  | {
      readonly type: 'call';
      readonly method: string;
      /** Public name of the tool or prompt, or the URI; undefined for other methods. */
      readonly name: string | undefined;
      readonly server: string | undefined;
      readonly outcome: 'complete' | 'input_required' | 'task' | 'error';
      readonly ms: number;
    };

/** An event as it was sent: numbered, with its time in milliseconds of the epoch. */
export type SentEvent = HubEvent & { readonly seq: number; readonly at: number };

/** Where events are sent and heard; sending never waits, and costs next to nothing while nobody listens. */
export interface HubEvents {
  /** Whether anybody listens; what is dear to find out is found out only then. */
  readonly heard: boolean;
  emit(event: HubEvent): void;
  /** Calls back for every event from now on, and first for those kept after `after`; the returned function ends that. */
  listen(on: (event: SentEvent) => void, after?: number): () => void;
}
