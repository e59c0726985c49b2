import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseDocument } from '@hatago/hub/control/document.ts';
import { editDocument } from '@hatago/hub/control/edit-document.ts';
import { homeOf } from '@hatago/hub/control/find-config.ts';
import { configJsonSchema } from '@hatago/hub/control/json-schema.ts';
import { readSource } from '@hatago/hub/control/read-source.ts';
import { syntaxOf } from '@hatago/hub/control/syntax.ts';
import { loadTrusted, type TrustedConfig, type TrustedOptions } from '@hatago/hub/control/trust/load-trusted.ts';
import { writeConfig } from '@hatago/hub/control/write-config.ts';
import { placeOfServer, type WrittenServer, writtenServers } from '@hatago/hub/control/written-servers.ts';
import { writeAtomically } from '@hatago/hub/storage/atomic-write.ts';
import { isRecord, ok } from '@hatago/protocol';
import { type GlobalOptions, locateConfig, readOptionsOf } from '../context.ts';
import { notWritten } from '../control/not-written.ts';
import { CliError, EXIT } from '../exit.ts';
import { keepOutOfGit } from '../state-folder.ts';

/** One change of the configuration file; undefined removes what is there. */
export interface ConfigEdit {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

/** The configuration file a command changes. */
export interface ConfigFile {
  readonly file: string;
  readonly home: string;
  /** There is no such file yet: it is made with the first change. */
  readonly isNew: boolean;
  readonly servers: readonly WrittenServer[];
  /** Where a new server of this id is written. */
  placeOf(id: string): readonly (string | number)[];
  /** The configuration as it would be with these changes. @throws CliError with what is wrong with it */
  preview(edits: readonly ConfigEdit[], options?: TrustedOptions): TrustedConfig;
  /** Writes the changes, comments kept. @throws CliError where they cannot be made or the file would not be valid */
  write(edits: readonly ConfigEdit[]): void;
}

const NEW_TEXT = `{
  "$schema": "./schema.json",
  "version": 2,
  // Every server under its own id; its tools are called <id>_<tool>.
  "mcpServers": {}
}
`;

/** Opens the file that the command's options name, the one that is found, or the one that would be made. */
export function openConfigFile(options: GlobalOptions): ConfigFile {
  const found = locateConfig(options);
  const file = found ?? resolve('.hatago', 'config.jsonc');
  const isNew = !existsSync(file);
  if (isNew && found !== undefined) {
    throw new CliError(`${file}: there is no such file; run \`hatago init\` to make one`, EXIT.notFound);
  }
  const read = isNew ? ok(NEW_TEXT) : readSource(file);
  if (!read.ok) throw new CliError(`${file}: ${read.error}`, EXIT.usage);
  const text = read.value;
  const document = documentOf(text, file);
  const preview = (edits: readonly ConfigEdit[], more: TrustedOptions = {}): TrustedConfig => {
    const edited = editDocument(text, edits, syntaxOf(file));
    if (!edited.ok) throw new CliError(`${file}: ${edited.error}`, EXIT.usage);
    const loaded = loadTrusted(file, process.env, { ...readOptionsOf(options), ...more, text: edited.value });
    if (!loaded.ok) throw new CliError(loaded.error.join('\n'), EXIT.usage);
    return loaded.value;
  };
  return {
    file,
    home: homeOf(file, process.env),
    isNew,
    servers: writtenServers(document),
    placeOf: (id) => placeIn(document, id, file),
    preview,
    write(edits) {
      if (isNew) makeFile(file);
      const written = writeConfig(file, edits);
      if (!written.ok) throw notWritten(written.error);
    },
  };
}

function documentOf(text: string, file: string): Readonly<Record<string, unknown>> {
  const parsed = parseDocument(text, file);
  if (!parsed.ok) {
    const [first] = parsed.error;
    throw new CliError(
      `${file}:${first?.line ?? 1}:${first?.column ?? 1}: ${first?.message ?? 'cannot be parsed'}`,
      EXIT.usage,
    );
  }
  const { value } = parsed.value;
  if (!isRecord(value)) throw new CliError(`${file}:1:1: must be an object`, EXIT.usage);
  return value;
}

function placeIn(document: Readonly<Record<string, unknown>>, id: string, file: string): readonly string[] {
  const place = placeOfServer(document, id);
  if (place !== undefined) return place;
  throw new CliError(`${file} is of an old format; \`hatago migrate --write\` rewrites it, then servers can be added`);
}

/** Makes the file that does not exist yet, as `hatago init` would, with no server in it. */
function makeFile(file: string): void {
  const folder = dirname(file);
  try {
    writeAtomically(join(folder, 'schema.json'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`, { mode: 0o644 });
    keepOutOfGit(folder);
    writeAtomically(file, NEW_TEXT, { mode: 0o644 });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CliError(`${file} cannot be written (${code ?? message})`);
  }
}
