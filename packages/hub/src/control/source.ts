import { readFileSync } from 'node:fs';
import type { Result } from '@hatago/protocol';
import type { Config } from './config.ts';
import type { DesiredState } from './control-plane.ts';

/** Where the configurations of a hub come from. */
export interface ConfigSource {
  /** Reads the whole desired state as it is now. */
  load(): DesiredState | Promise<DesiredState>;
  /** The files that were read the last time that went well, or would have been if they were there; absolute. */
  files(): readonly string[];
  /** What was read the last time that went well, as it is written; undefined where that cannot be told for certain. */
  written?(): Written | undefined;
  /** The desired state if this were what is written now. */
  revive?(written: Written): DesiredState;
}

/** A configuration as its user wrote it: references are not replaced. */
export interface Written {
  readonly file: string;
  readonly text: string;
}

/** What a file source needs of a loaded configuration. */
export interface LoadedState {
  readonly config: Config;
  readonly warnings: readonly string[];
  readonly files: readonly string[];
}

/** Options of {@link createFileSource}. */
export interface FileSourceOptions {
  /** The file itself. @default earlier configurations cannot be gone back to after a restart */
  readonly file?: string;
  /** Reads the files, the text in place of what stands in the file itself where there is one; called for every reload. */
  load(text?: string): Result<LoadedState, readonly string[]>;
  /** What was loaded first, so that its files are watched from the start. */
  readonly first: LoadedState;
}

/** Makes a source of a configuration in files. */
export function createFileSource({ file, load, first }: FileSourceOptions): ConfigSource {
  let files = first.files;
  let written = read(file);
  const toState = (loaded: Result<LoadedState, readonly string[]>): DesiredState => {
    if (!loaded.ok) return { ok: false, errors: loaded.error };
    const { config, warnings } = loaded.value;
    return { ok: true, config, warnings };
  };
  return {
    load() {
      const before = read(file);
      const loaded = load();
      if (loaded.ok) {
        files = loaded.value.files;
        // Written meanwhile, it is not what was loaded.
        written = read(file)?.text === before?.text ? before : undefined;
      }
      return toState(loaded);
    },
    files: () => files,
    written: () => written,
    revive: ({ text }) => toState(load(text)),
  };
}

function read(file: string | undefined): Written | undefined {
  if (file === undefined) return undefined;
  try {
    return { file, text: readFileSync(file, 'utf8') };
  } catch {
    return undefined;
  }
}
