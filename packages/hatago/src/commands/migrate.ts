import { copyFileSync, existsSync, constants as fs, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { folderOf } from '@hatago/hub/control/find-config.ts';
import { configJsonSchema } from '@hatago/hub/control/json-schema.ts';
import { checkText } from '@hatago/hub/control/load.ts';
import { type Migration, migrateText } from '@hatago/hub/control/migrate.ts';
import { findProfile, listProfiles } from '@hatago/hub/control/profiles.ts';
import { readSource } from '@hatago/hub/control/read-source.ts';
import { writeAtomically } from '@hatago/hub/storage/atomic-write.ts';
import { printDiff } from '../clients/print-diff.ts';
import { type GlobalOptions, locateConfig, readOptionsOf } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { clean, print, printJson, tell } from '../output.ts';

/** Options of `hatago migrate`. */
export interface MigrateOptions extends GlobalOptions {
  readonly write?: boolean;
}

interface Planned extends Migration {
  readonly file: string;
  readonly before: string;
}

/** Shows how files of older formats are written today, and with `--write` rewrites them, each with a backup. */
export async function migrate(named: string | undefined, options: MigrateOptions): Promise<void> {
  const file = locateConfig(named === undefined ? options : { ...options, config: named });
  if (file === undefined || !existsSync(file)) {
    throw new CliError(
      file === undefined ? 'no configuration was found; name one' : `${file}: there is no such file`,
      EXIT.notFound,
    );
  }
  const planned = [file, ...profilesOf(file)].map(plan);
  const changed = planned.filter(({ before, after }) => before !== after);
  const backups = options.write ? changed.map((one) => write(one, options)) : [];
  if (options.json) return printJson({ files: planned.map(toReport(options, changed, backups)) });
  for (const { file: path, before, after, warnings } of changed) {
    if (!options.write) printDiff(path, before, after);
    for (const warning of warnings) tell(`  left out: ${clean(warning)}`);
  }
  if (changed.length === 0) print(`${file} is of the newest format already`);
  else if (!options.write) print('Nothing was written; run it again with --write to do so.');
  for (const [i, { file: path }] of changed.entries()) {
    if (options.write) print(`Rewrote ${path}; what was there is in ${backups[i]}`);
  }
}

/** Profiles that are written in an older format too; they lie beside the configuration. */
function profilesOf(file: string): string[] {
  if (!existsSync(join(folderOf(file), 'profiles'))) return [];
  return listProfiles(file).flatMap((name) => {
    const found = findProfile(file, name);
    return found.ok ? [found.value] : [];
  });
}

function plan(file: string): Planned {
  const read = readSource(file);
  if (!read.ok) throw new CliError(`${file}: ${read.error}`, EXIT.usage);
  const before = read.value;
  const schema = `./${relative(dirname(file), schemaOf(file)).replaceAll('\\', '/')}`;
  const migration = migrateText(before, file, { schema });
  if (!migration.ok) throw new CliError(migration.error.join('\n'), EXIT.usage);
  return { file, before, ...migration.value };
}

function write({ file, before, after }: Planned, options: MigrateOptions): string {
  const faults = checkText(file, process.env, { ...readOptionsOf(options), profile: '', text: after });
  if (faults.length > 0) throw new CliError(`${faults.join('\n')}\nNothing was written.`, EXIT.usage);
  if (readFileSync(file, 'utf8') !== before) throw new CliError(`${file} was changed meanwhile; nothing was written`);
  const backup = backUp(file);
  if (after.includes('"$schema"')) {
    writeAtomically(schemaOf(file), `${JSON.stringify(configJsonSchema(), null, 2)}\n`, { mode: 0o644 });
  }
  writeAtomically(file, after, { keepMode: true });
  return backup;
}

const schemaOf = (file: string): string => join(folderOf(file), 'schema.json');

/** Copies a file beside itself under a name that nothing has yet. */
function backUp(file: string): string {
  for (let n = 0; ; n++) {
    const backup = `${file}.bak${n === 0 ? '' : `.${n}`}`;
    try {
      copyFileSync(file, backup, fs.COPYFILE_EXCL);
      return backup;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

const toReport =
  (options: MigrateOptions, changed: readonly Planned[], backups: readonly string[]) =>
  (one: Planned): Record<string, unknown> => {
    const { file, format, warnings, after } = one;
    const isChanged = changed.includes(one);
    const written = options.write && isChanged ? { backup: backups[changed.indexOf(one)] } : {};
    return { file, format, changed: isChanged, warnings, ...written, ...(options.write ? {} : { after }) };
  };
