import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';

/** A YAML library, loaded at its first use: most configurations are JSONC, and it takes a start longer than they do. */
export function yamlModule(): typeof Yaml {
  loaded ??= load();
  return loaded;
}

let loaded: typeof Yaml | undefined;

function load(): typeof Yaml {
  const require = createRequire(import.meta.filename);
  // The bundled command carries it as a file of its own.
  for (const name of ['./yaml.cjs', 'yaml']) {
    try {
      return require(name) as typeof Yaml;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error('the package "yaml" is not installed');
}
