import { isRecord } from '@hatago/protocol';
import type { Issue } from './issue.ts';
import type { Fault } from './source-document.ts';

/** One file of a configuration in our own shape, to be laid over others. */
export interface Layer {
  /** Absolute. */
  readonly file: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** It came with a project: neither named by the user nor in their home. */
  readonly project: boolean;
  /** The place of a fault in the file as it is written. */
  locate(issue: Issue): Fault;
}

/**
 * Lays the first layer over the second and so on: objects are merged, everything else is replaced, and `null` deletes at
 * any depth. Only in the `env` of a server it stays, for there it takes a variable from the child.
 */
export function mergeLayers(layers: readonly Layer[]): Record<string, unknown> {
  return layers.reduceRight<Record<string, unknown>>((below, { value }) => merge(below, value, []), {});
}

function merge(
  below: Readonly<Record<string, unknown>>,
  above: Readonly<Record<string, unknown>>,
  path: readonly string[],
): Record<string, unknown> {
  const merged = new Map(Object.entries(below));
  for (const [name, value] of Object.entries(above)) {
    const under = merged.get(name);
    if (value === null && !isEnv(path)) merged.delete(name);
    else if (isRecord(value)) merged.set(name, merge(isRecord(under) ? under : {}, value, [...path, name]));
    else merged.set(name, value);
  }
  return Object.fromEntries(merged);
}

const isEnv = (path: readonly string[]): boolean => path.length === 3 && path[0] === 'mcpServers' && path[2] === 'env';

/** The layer that decides what stands at a place: the uppermost that says something there, or as near to it as any does. */
export function layerAt(layers: readonly Layer[], path: Issue['path']): Layer {
  for (let length = path.length; length > 0; length--) {
    const found = layers.find((layer) => says(layer, path.slice(0, length)));
    if (found !== undefined) return found;
  }
  return layers[0] as Layer;
}

/** Whether a layer says something at a place. */
export function says(layer: Layer, path: Issue['path']): boolean {
  let value: unknown = layer.value;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return false;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value !== undefined && (value !== null || path.at(-2) === 'env');
}
