import type { Upstream } from '../core/upstream.ts';
import { createInventory, type Inventory, type InventoryOptions } from './inventory.ts';

/** The inventories of all servers, shared by the routes they are on, so that no list is read or kept twice. */
export interface Inventories {
  /** The inventory of a server; to be given back with {@link Inventories.release}. */
  acquire(upstream: Upstream): Inventory;
  /** Closes the inventory when nobody else holds it. */
  release(inventory: Inventory): void;
}

/** Makes inventories on first use and closes them after the last. */
export function createInventories(options: Omit<InventoryOptions, 'upstream'>): Inventories {
  const held = new Map<Upstream, { readonly inventory: Inventory; holders: number }>();
  return {
    acquire(upstream) {
      let entry = held.get(upstream);
      if (entry === undefined) {
        entry = { inventory: createInventory({ ...options, upstream }), holders: 0 };
        held.set(upstream, entry);
      }
      entry.holders++;
      return entry.inventory;
    },
    release(inventory) {
      const entry = held.get(inventory.upstream);
      if (entry === undefined || --entry.holders > 0) return;
      held.delete(inventory.upstream);
      inventory.close();
    },
  };
}
