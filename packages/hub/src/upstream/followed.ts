/** What somebody wants to hear of, counted by URI or task id. */
export interface Followed {
  readonly resources: ReadonlySet<string>;
  readonly tasks: ReadonlySet<string>;
  /** Nobody wants to hear of anything. */
  readonly none: boolean;
  /** Follows it until the returned function is called. */
  add(kind: 'resource' | 'task', uri: string): () => void;
}

/** Counts followers; `changed` is called when something is followed for the first time, or no longer. */
export function createFollowed(changed: () => void): Followed {
  const counts = { resource: new Map<string, number>(), task: new Map<string, number>() };
  return {
    get resources() {
      return new Set(counts.resource.keys());
    },
    get tasks() {
      return new Set(counts.task.keys());
    },
    get none() {
      return counts.resource.size + counts.task.size === 0;
    },
    add(kind, uri) {
      const of = counts[kind];
      const count = of.get(uri) ?? 0;
      of.set(uri, count + 1);
      if (count === 0) changed();
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        const left = (of.get(uri) ?? 1) - 1;
        if (left > 0) {
          of.set(uri, left);
          return;
        }
        of.delete(uri);
        changed();
      };
    },
  };
}
