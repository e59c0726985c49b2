import type { DesiredState } from './control-plane.ts';
import type { ConfigSource } from './source.ts';

/** Reads the source, one time after the other; who asks while another waits gets what that one gets. */
export interface Loader {
  /** `patient`: what cannot be read is looked at once more in a moment, for it may be half written. */
  load(patient: boolean): Promise<DesiredState>;
}

/** How long a half-written file has to become a whole one, in milliseconds. */
const HALF_WRITTEN_MS = 150;

/** Makes the loader of a source. */
export function createLoader(source: ConfigSource | undefined): Loader {
  let queue: Promise<unknown> = Promise.resolve();
  let waiting: Promise<DesiredState> | undefined;

  const read = async (): Promise<DesiredState> => {
    try {
      return (await source?.load()) ?? { ok: false, errors: ['there is no configuration to read'] };
    } catch (error) {
      return { ok: false, errors: [`the configuration could not be read: ${(error as Error).message}`] };
    }
  };
  return {
    load(patient) {
      if (waiting !== undefined) return waiting;
      const next = queue.then(async () => {
        waiting = undefined;
        const state = await read();
        if (state.ok || !patient) return state;
        await new Promise((resolve) => setTimeout(resolve, HALF_WRITTEN_MS));
        return read();
      });
      waiting = next;
      queue = next;
      return next;
    },
  };
}
