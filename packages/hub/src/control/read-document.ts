import { dirname, resolve } from 'node:path';
import { err, ok, type Result } from '@hatago/protocol';
import { type Environment, isOwnFile } from './find-config.ts';
import { type Layer, mergeLayers } from './layer.ts';
import { findProfile } from './profiles.ts';
import { readLayers } from './read-layers.ts';
import { readVariables, type Variables } from './variables.ts';

/** How the files of a configuration are read. */
export interface ReadOptions {
  /** Name of a profile in `.hatago/profiles` to lay over it. @default HATAGO_PROFILE */
  readonly profile?: string;
  /** Files of variables for `${…}`, later ones win; one that is missing is an error. @default [] */
  readonly envFiles?: readonly string[];
  /** Variables of files win over those of the environment. @default false */
  readonly envOverride?: boolean;
  /** The user named the file (`--config`, `HATAGO_CONFIG`), so what it runs is their own act. @default false */
  readonly explicit?: boolean;
  /** Where a `.env` is looked for besides the configuration's directory. @default the process's own */
  readonly cwd?: string;
  /** Taken for the text of the file itself, to see what an edit would do. @default what stands in it */
  readonly text?: string;
}

/** All files of a configuration laid over each other, references as they are written. */
export interface ReadDocument {
  readonly value: Record<string, unknown>;
  /** Those that win first; never empty. */
  readonly layers: readonly Layer[];
  readonly variables: Variables;
  readonly warnings: readonly string[];
  /** Everything that was read, or would be if it were there. */
  readonly files: readonly string[];
}

/** Reads a configuration with what it extends, its profile and its variables; the error has one line for each fault. */
export function readDocument(
  file: string,
  env: Environment,
  options: ReadOptions = {},
): Result<ReadDocument, readonly string[]> {
  const path = resolve(file);
  const files = new Set<string>();
  const context = {
    isProject: (read: string) => !options.explicit && !isOwnFile(read),
    saw: (seen: string) => void files.add(seen),
    ...(options.text === undefined ? {} : { instead: { file: path, text: options.text } }),
  };
  const base = readLayers(path, context);
  if (!base.ok) return base;
  const name = options.profile ?? env['HATAGO_PROFILE'];
  const profile = name === undefined || name === '' ? undefined : findProfile(path, name);
  if (profile?.ok === false) return err([`${path}: ${profile.error}`]);
  const over = profile === undefined ? ok({ layers: [], warnings: [] }) : readLayers(profile.value, context);
  if (!over.ok) return over;
  const variables = readVariables({
    env,
    folder: dirname(path),
    cwd: options.cwd ?? process.cwd(),
    envFiles: options.envFiles ?? [],
    envOverride: options.envOverride ?? false,
    explicit: options.explicit ?? false,
  });
  if (!variables.ok) return variables;
  const layers = [...over.value.layers, ...base.value.layers];
  return ok({
    value: mergeLayers(layers),
    layers,
    variables: variables.value,
    warnings: [...base.value.warnings, ...over.value.warnings, ...variables.value.warnings],
    files: [...files, ...variables.value.files],
  });
}
