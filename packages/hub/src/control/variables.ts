import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { err, ok, type Result } from '@hatago/protocol';
import { parseDotEnv } from './dotenv.ts';
import { isOwnFile } from './find-config.ts';
import { fromHome } from './paths.ts';
import { readSource } from './read-source.ts';

/** Where variables for references come from. */
export interface VariableSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The configuration's directory. */
  readonly folder: string;
  readonly cwd: string;
  /** Named by the user; later ones win. */
  readonly envFiles: readonly string[];
  /** Variables of files win over those of the environment. */
  readonly envOverride: boolean;
  /** The user named the configuration, and with it the `.env` beside it. @default false */
  readonly explicit?: boolean;
}

/** The variables that references may name. */
export interface Variables {
  readonly values: Readonly<Record<string, string | undefined>>;
  /** The same without what a `.env` says that came with a project: neither the user's own by its place nor named by them. */
  readonly own: Readonly<Record<string, string | undefined>>;
  readonly warnings: readonly string[];
  /** Files that were read, or would be if they were there. */
  readonly files: readonly string[];
}

/**
 * The environment, the `.env` beside the configuration and in the working directory, and the files the user named. What a
 * file says of the hub itself (`HATAGO_…`) is left out: a cloned project must not steer the hub.
 */
export function readVariables(sources: VariableSources): Result<Variables, readonly string[]> {
  const { env, folder, cwd, envFiles, envOverride, explicit = false } = sources;
  const found = [...new Set([folder, cwd])].map((place) => join(place, '.env'));
  const named = envFiles.map((file) => resolve(cwd, fromHome(file)));
  const vouched = new Set([...found.filter(isOwnFile), ...(explicit ? [join(folder, '.env')] : []), ...named]);
  const warnings: string[] = [];
  const faults: string[] = [];
  let fromFiles: Record<string, string> = {};
  let fromVouched: Record<string, string> = {};
  for (const file of [...found.filter((path) => existsSync(path)), ...named]) {
    const text = readSource(file);
    if (!text.ok) {
      faults.push(`${file}: ${text.error}`);
      continue;
    }
    const { variables, badLines } = parseDotEnv(text.value);
    for (const line of badLines) warnings.push(`${file}:${line}:1: is no NAME=value and is ignored`);
    const ofHub = Object.keys(variables).filter((name) => name.startsWith('HATAGO_'));
    if (ofHub.length > 0) {
      warnings.push(`${file}: ${ofHub.join(', ')} can be set in the environment only and is ignored`);
    }
    const rest = Object.fromEntries(Object.entries(variables).filter(([name]) => !ofHub.includes(name)));
    fromFiles = { ...fromFiles, ...rest };
    if (vouched.has(file)) fromVouched = { ...fromVouched, ...rest };
  }
  if (faults.length > 0) return err(faults);
  const over = (files: Record<string, string>): Variables['values'] =>
    envOverride ? { ...env, ...files } : { ...files, ...env };
  return ok({ values: over(fromFiles), own: over(fromVouched), warnings, files: [...found, ...named] });
}
