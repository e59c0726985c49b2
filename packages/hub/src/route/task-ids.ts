import { isRecord } from '@hatago/protocol';
import type { Sealer } from './seal.ts';

/** Whose task it is and what its server calls it. */
export interface TaskOwner {
  readonly upstream: string;
  /** The server's own task id. */
  readonly taskId: string;
  /** The structured output in the task's result is wrapped for legacy clients. */
  readonly wrap: boolean;
  /** The generation it began on. */
  readonly generation?: number;
}

/** Makes and reads the task ids clients see. */
export interface TaskIds {
  /** The id under which this principal, and nobody else, reaches the task. */
  toPublic(principalId: string, owner: TaskOwner): string;
  /** The task behind an id; undefined when it is unknown or another principal's. */
  fromPublic(principalId: string, taskId: string): TaskOwner | undefined;
}

const USE = 'task';

/**
 * Task ids that hold their owner themselves, sealed: nothing has to be kept, they outlive a restart as long as the key
 * does, and guessing one is as hard as breaking the seal.
 */
export function createTaskIds(sealer: Sealer): TaskIds {
  return {
    toPublic: (principalId, { upstream, taskId, wrap, generation }) =>
      sealer.seal(USE, [principalId, upstream, taskId, wrap ? 1 : 0, generation]),
    fromPublic(principalId, taskId) {
      const opened = sealer.open(USE, taskId);
      if (!opened.ok || !Array.isArray(opened.value)) return undefined;
      const [owner, upstream, own, wrap, generation] = opened.value as [string, string, string, number, number | null];
      if (owner !== principalId) return undefined;
      return { upstream, taskId: own, wrap: wrap === 1, ...(generation ? { generation } : undefined) };
    },
  };
}

/** The task id that a task's result or notification carries. */
export function taskIdOf(value: unknown): string | undefined {
  return isRecord(value) && typeof value.taskId === 'string' ? value.taskId : undefined;
}
