import { existsSync } from 'node:fs';
import { parseDocument } from '@hatago/hub/control/document.ts';
import { effectiveConfig } from '@hatago/hub/control/effective.ts';
import { adaptDocument } from '@hatago/hub/control/formats.ts';
import { configJsonSchema } from '@hatago/hub/control/json-schema.ts';
import { parseKeyPath, valueAt } from '@hatago/hub/control/key-path.ts';
import { checkText } from '@hatago/hub/control/load.ts';
import { maskConfig } from '@hatago/hub/control/mask-config.ts';
import { type ReadDocument, readDocument } from '@hatago/hub/control/read-document.ts';
import { readSource } from '@hatago/hub/control/read-source.ts';
import { formatFault } from '@hatago/hub/control/source-document.ts';
import { loadTrusted } from '@hatago/hub/control/trust/load-trusted.ts';
import { writeConfig } from '@hatago/hub/control/write-config.ts';
import { isRecord } from '@hatago/protocol';
import { type GlobalOptions, locateConfig, readOptionsOf } from '../context.ts';
import { notWritten } from '../control/not-written.ts';
import { CliError, EXIT } from '../exit.ts';
import { clean, print, printJson, tell } from '../output.ts';

/** Options of `hatago config get` and `show`. */
export interface ConfigGetOptions extends GlobalOptions {
  readonly show?: boolean;
}

/** Prints the configuration that is in effect: all files, the profile and the defaults, secrets hidden. */
export async function configShow(options: ConfigGetOptions): Promise<void> {
  const { document, file } = read(options);
  const effective = effectiveConfig(document);
  const shown = options.show ? effective : maskConfig(effective);
  const files = document.layers.map((layer) => layer.file);
  if (options.json) return printJson({ file, files, warnings: document.warnings, config: shown });
  tell(`${files.length === 1 ? 'file' : 'files'}: ${files.join(', ')}`);
  for (const warning of document.warnings) tell(`warning: ${clean(warning)}`);
  printJson(shown);
}

/** Prints one value of the configuration that is in effect. */
export async function configGet(key: string, options: ConfigGetOptions): Promise<void> {
  const { document, file } = read(options);
  const effective = effectiveConfig(document);
  const value = valueAt(options.show ? effective : maskConfig(effective), pathOf(key));
  if (value === undefined) throw new CliError(`${file}: there is nothing at ${key}`, EXIT.notFound);
  if (options.json || typeof value === 'object') printJson(value);
  else print(String(value));
}

/** Writes one value into the configuration file. */
export async function configSet(key: string, text: string, options: GlobalOptions): Promise<void> {
  const path = pathOf(key);
  const value = readValue(text);
  if (path.at(-1) === 'token' && typeof value === 'string' && !/\$\{[^{}]+\}/.test(value)) {
    throw new CliError(
      `a token is not given on the command line, where others see it: run \`hatago secret set NAME\`, then \`hatago config set ${key} '\${secret:NAME}'\``,
      EXIT.usage,
    );
  }
  edit(key, path, value, options);
}

/** Takes one value out of the configuration file. */
export async function configUnset(key: string, options: GlobalOptions): Promise<void> {
  const path = pathOf(key);
  const file = fileOf(options);
  const document = ownDocument(file);
  if (valueAt(document, placeIn(document, path)) === undefined) {
    throw new CliError(`${file}: there is nothing at ${key}`, EXIT.notFound);
  }
  edit(key, path, undefined, options);
}

/** Checks the configuration as `hatago serve` would, and says what is wrong with it. */
export async function configValidate(file: string | undefined, options: GlobalOptions): Promise<void> {
  const chosen = file === undefined ? options : { ...options, config: file };
  const path = fileOf(chosen);
  const loaded = loadTrusted(path, process.env, readOptionsOf(chosen));
  if (!loaded.ok) {
    if (!options.json) throw new CliError(loaded.error.join('\n'), EXIT.usage);
    printJson({ file: path, valid: false, errors: loaded.error, warnings: [] });
    process.exitCode = EXIT.usage;
    return;
  }
  const { config, warnings } = loaded.value;
  const servers = Object.keys(config.mcpServers);
  const blocked = Object.entries(config.mcpServers).flatMap(([id, server]) =>
    server.blocked === undefined ? [] : [{ server: id, ...server.blocked }],
  );
  if (options.json) return printJson({ file: path, valid: true, errors: [], warnings, servers, blocked });
  print(`${path} is valid: ${servers.length === 1 ? 'one server' : `${servers.length} servers`}`);
  for (const warning of warnings) print(`  warning: ${clean(warning)}`);
  for (const { server, message, fix } of blocked) {
    print(`  ${server} will not be started: ${clean(message)}${fix === undefined ? '' : ` (${clean(fix)})`}`);
  }
}

/** Prints the JSON Schema of the configuration. */
export async function configSchema(): Promise<void> {
  printJson(configJsonSchema());
}

function read(options: GlobalOptions): { document: ReadDocument; file: string } {
  const file = fileOf(options);
  const document = readDocument(file, process.env, readOptionsOf(options));
  if (!document.ok) throw new CliError(document.error.join('\n'), EXIT.usage);
  return { document: document.value, file };
}

/** The file the command is about. */
function fileOf(options: GlobalOptions): string {
  const file = locateConfig(options);
  if (file !== undefined && existsSync(file)) return file;
  throw new CliError(
    file === undefined
      ? 'no configuration was found; `hatago init` makes one, --config names another'
      : `${file}: there is no such file; name another with --config, or run \`hatago init\` to make one`,
    EXIT.notFound,
  );
}

function pathOf(key: string): readonly (string | number)[] {
  const path = parseKeyPath(key);
  if (!path.ok) throw new CliError(path.error, EXIT.usage);
  return path.value;
}

/** JSON where it is some, else the text itself. */
function readValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function edit(key: string, path: readonly (string | number)[], value: unknown, options: GlobalOptions): void {
  const file = fileOf(options);
  const place = placeIn(ownDocument(file), path);
  const check = (text: string): readonly string[] =>
    checkText(file, process.env, { ...readOptionsOf(options), profile: '', text });
  const written = writeConfig(file, [{ path: place, value }], { check });
  if (!written.ok) throw notWritten(written.error);
  const changed = written.value.before !== written.value.after;
  if (options.json) return printJson({ file, key, changed });
  if (!changed) print(`${file}: ${key} is so already`);
  else print(value === undefined ? `${file}: removed ${key}` : `${file}: set ${key}`);
}

/** Some files call the servers `servers`, as VS Code does. */
function placeIn(document: unknown, path: readonly (string | number)[]): readonly (string | number)[] {
  const [first, ...rest] = path;
  const renamed = first === 'mcpServers' && isRecord(document) && isRecord(document['servers']);
  return renamed && !('mcpServers' in document) ? ['servers', ...rest] : path;
}

/** The document as it is written; one of another format has other keys and is not edited by these. */
function ownDocument(file: string): unknown {
  const read = readSource(file);
  if (!read.ok) throw new CliError(`${file}: ${read.error}`, EXIT.usage);
  const document = parseDocument(read.value, file);
  if (!document.ok) throw new CliError(document.error.map(formatFault).join('\n'), EXIT.usage);
  const { value } = document.value;
  const { format } = adaptDocument(value, file);
  if (format === 'hatago' || format === 'client') return value;
  throw new CliError(`${file} is of an old format; \`hatago migrate --write\` rewrites it`, EXIT.usage);
}
