import type * as Yaml from 'yaml';

/** A YAML library, loaded at its first use: most configurations are JSONC, and it takes a start longer than they do. */
export function yamlModule(): typeof Yaml {
  loaded ??= load();
  return loaded;
}

let loaded: typeof Yaml | undefined;
let bundled: (() => unknown) | undefined;

/** Has the library come from elsewhere than the package `yaml`, as long as what is given returns it. */
export function useYaml(from: () => unknown): void {
  bundled = from;
}

function load(): typeof Yaml {
  const own = bundled?.();
  if (own !== undefined) return own as typeof Yaml;
  try {
    const { createRequire } = process.getBuiltinModule('node:module');
    return createRequire(import.meta.filename)('yaml') as typeof Yaml;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new Error('the package "yaml" is not installed');
  }
}
