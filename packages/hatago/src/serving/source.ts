import type { Config } from '@hatago/hub/control/config.ts';
import { type ConfigSource, createFileSource } from '@hatago/hub/control/source.ts';
import { type Context, onlyTagged } from '../context.ts';

/** Where a hub that serves this context reads its configuration again; undefined for the demo, which has no file. */
export function sourceOf(context: Context, tags: readonly string[]): ConfigSource | undefined {
  if (context.demo) return undefined;
  const chosen = (config: Config): Config => (tags.length === 0 ? config : onlyTagged(config, tags));
  return createFileSource({
    first: context.loaded ?? { config: context.config, warnings: [], files: [] },
    file: context.file,
    load(text) {
      const loaded = context.load(text);
      return loaded.ok ? { ok: true, value: { ...loaded.value, config: chosen(loaded.value.config) } } : loaded;
    },
  });
}
