import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok, type Result } from '@hatago/protocol';
import { folderOf } from './find-config.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const ENDINGS = ['.jsonc', '.json', '.yaml', '.yml'];

/** The file of a profile: `.hatago/profiles/<name>.jsonc`, or another ending; the error says which there are. */
export function findProfile(file: string, name: string): Result<string, string> {
  if (!NAME.test(name)) return err(`${JSON.stringify(name)} is no name of a profile: A-Z a-z 0-9 _ . - only`);
  const folder = join(folderOf(file), 'profiles');
  const found = ENDINGS.map((ending) => join(folder, `${name}${ending}`)).find((path) => existsSync(path));
  if (found !== undefined) return ok(found);
  const known = listProfiles(file);
  const there = known.length === 0 ? `there are none in ${folder}` : `there are ${known.join(', ')}`;
  return err(`there is no profile ${JSON.stringify(name)}; ${there}`);
}

/** The names of all profiles beside a configuration. */
export function listProfiles(file: string): readonly string[] {
  try {
    const names = readdirSync(join(folderOf(file), 'profiles'));
    const known = names.flatMap((name) => {
      const ending = ENDINGS.find((end) => name.endsWith(end));
      return ending === undefined ? [] : [name.slice(0, -ending.length)];
    });
    return [...new Set(known)].sort();
  } catch {
    return [];
  }
}
