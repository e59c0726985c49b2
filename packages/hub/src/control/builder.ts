import { createCursors } from '../route/cursors.ts';
import { createInventories } from '../route/inventories.ts';
import { hubEnvelope } from '../route/read-list.ts';
import { createSealer } from '../route/seal.ts';
import { createUsedStates } from '../route/used-states.ts';
import { type BuiltGeneration, buildGeneration } from './build.ts';
import type { Config } from './config.ts';
import type { ControllerOptions } from './controller-options.ts';
import { createServerPool, type PooledServer } from './server-pool.ts';
import { takeServers } from './servers.ts';

/** Builds generations over what they share: servers, their lists, and the pages of lists that are being read. */
export interface Builder {
  /** @throws what a server throws that cannot be made; nothing is left over then */
  build(id: number, config: Config): BuiltGeneration;
  /** The generation has become the active one: servers that must not run twice take over now. */
  swapped(generation: BuiltGeneration): void;
}

/** Options of {@link createBuilder}. */
export interface BuilderOptions
  extends Pick<ControllerOptions, 'registered' | 'folder' | 'sealKeys' | 'deps' | 'lists' | 'events' | 'log'> {
  /** A generation that is still there besides the active one. */
  find(id: number): BuiltGeneration | undefined;
}

/** Makes the builder of one hub. */
export function createBuilder(options: BuilderOptions): Builder {
  const { registered, folder, sealKeys, deps, lists, events, log, find } = options;
  const { hubInfo } = deps;
  const inventories = createInventories({ envelope: hubEnvelope(hubInfo), log, cache: lists });
  const cursors = createCursors({ sealer: createSealer(sealKeys, Date.now), now: Date.now });
  const used = createUsedStates({ now: Date.now });
  const renamed = new Set<string>();
  const pool = createServerPool(inventories, events);
  const heldBy = new Map<BuiltGeneration, readonly PooledServer[]>();
  return {
    build(id, config) {
      const { servers, held } = takeServers(config, { pool, registered, folder, deps });
      const giveBack = async (reason: string): Promise<void> => {
        await Promise.all(held.map((server) => pool.release(server, reason)));
      };
      const shared = { hubInfo, sealKeys, log, inventories, cursors, used, renamed, events, find };
      try {
        const generation = buildGeneration({
          id,
          config,
          servers,
          release(reason) {
            heldBy.delete(generation);
            return giveBack(reason);
          },
          ...shared,
        });
        heldBy.set(generation, held);
        return generation;
      } catch (error) {
        void giveBack('the configuration could not be built');
        throw error;
      }
    },
    swapped(generation) {
      cursors.renew();
      pool.replace(heldBy.get(generation) ?? [], generation.config.rollover.drainTimeoutMs);
    },
  };
}
