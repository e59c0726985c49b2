import { err, ok, type Result } from '@hatago/protocol';

/** A package of the npm registry and which of its versions is meant. */
export interface PackageSpec {
  readonly name: string;
  /** A version, a range or a tag; undefined = the newest. */
  readonly version: string | undefined;
}

const NAME = /^(?:@[a-z0-9][a-z0-9._~-]*\/)?[a-z0-9][a-z0-9._~-]*$/;
const VERSION = /^[A-Za-z0-9^~<>=*][A-Za-z0-9.^~<>=*+ -]{0,63}$/;
const MAX_NAME = 214;
const FORBIDDEN = new Set(['node_modules', 'favicon.ico']);

/**
 * Reads `name`, `@scope/name` and the same with `@version`. Only names of a registry are packages here: a path, a URL or
 * a git address is refused, and so is whatever a package manager could take for an option.
 */
export function parsePackageSpec(text: string): Result<PackageSpec, string> {
  const spec = text.startsWith('npm:') ? text.slice(4) : text;
  const at = spec.lastIndexOf('@');
  const name = at > 0 ? spec.slice(0, at) : spec;
  const version = at > 0 ? spec.slice(at + 1) : undefined;
  const shown = JSON.stringify(text);
  if (!NAME.test(name) || name.length > MAX_NAME || FORBIDDEN.has(name)) {
    const lower = name.toLowerCase();
    const hint = lower !== name && NAME.test(lower) ? `; did you mean ${lower}?` : '';
    return err(`${shown} is not the name of an npm package${hint}`);
  }
  if (version !== undefined && !VERSION.test(version)) {
    return err(`${shown} names no version: after the last @ stands a version such as 1.2.3, a range or a tag`);
  }
  return ok({ name, version });
}

/** Whether a version names exactly one release, so that what runs cannot change by itself. */
export function isExactVersion(version: string | undefined): boolean {
  return version !== undefined && /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/.test(version);
}

/** The name without its scope. */
export function baseName(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}
