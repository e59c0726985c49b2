import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SECRET_NAME } from '@hatago/hub/control/secret-reader.ts';
import { changeVault, type SecretChanges } from '@hatago/hub/control/secrets/change-vault.ts';
import { keySource } from '@hatago/hub/control/secrets/key-report.ts';
import { openVault, type Vault } from '@hatago/hub/control/secrets/open-vault.ts';
import type { VaultOptions } from '@hatago/hub/control/secrets/vault-options.ts';
import { err, ok } from '@hatago/protocol';
import { findHome, type GlobalOptions } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { clean, formatTable, print, printJson, tell } from '../output.ts';
import { askSecretText, canAsk } from '../prompt.ts';

const MAX_VALUE_BYTES = 65_536;

/** The vault of the configuration in use. */
export function vaultOf(options: GlobalOptions): VaultOptions {
  return { home: findHome(options), env: process.env };
}

/** Keeps a secret whose value comes from a hidden prompt or standard input. */
export async function setSecret(name: string, options: GlobalOptions & { readonly label?: string }): Promise<void> {
  checkName(name);
  const vault = vaultOf(options);
  // A file that cannot be opened is told before a value is asked for.
  open(vault);
  const value = checkValue(await readValue(name));
  const { label } = options;
  const changes: SecretChanges = new Map([[name, { value, ...(label === undefined ? {} : { label }) }]]);
  ignoreState(vault.home);
  const opened = orThrow(await changeVault(vault, () => ok(changes)));
  if (options.json) return printJson({ name, file: opened.file, key: opened.key?.place });
  print(`${name} is kept in ${opened.file}; write \${secret:${name}} where a server needs it`);
}

/** Prints whether a secret is kept, and its value only where that is asked for. */
export async function getSecret(name: string, options: GlobalOptions & { readonly show?: boolean }): Promise<void> {
  checkName(name);
  const vault = open(vaultOf(options));
  const entry = vault.document?.secrets.get(name);
  const value = vault.get(name);
  if (!value.ok) throw new CliError(value.error, entry === undefined ? EXIT.notFound : EXIT.failure);
  const characters = [...value.value].length;
  if (options.json) {
    const about = { name, characters, label: entry?.label ?? null, updatedAt: entry?.updatedAt ?? null };
    return printJson(options.show ? { ...about, value: value.value } : about);
  }
  if (options.show) return print(value.value);
  print(`${name}: •••••••• (${characters} characters); --show prints it`);
}

/** Removes secrets: all of those named, or none where one of them is not there. */
export async function removeSecrets(names: readonly string[], options: GlobalOptions): Promise<void> {
  names.forEach(checkName);
  const missing = (vault: Vault): string | undefined => names.find((name) => !vault.document?.secrets.has(name));
  const vault = vaultOf(options);
  const absent = missing(open(vault));
  if (absent !== undefined)
    throw new CliError(`there is no secret ${absent}; see \`hatago secret list\``, EXIT.notFound);
  const changes: SecretChanges = new Map(names.map((name) => [name, null]));
  orThrow(
    await changeVault(vault, (now) =>
      missing(now) === undefined ? ok(changes) : err(`${missing(now)} is gone already`),
    ),
  );
  if (options.json) return printJson({ removed: names });
  print(`Removed ${names.join(', ')}`);
}

/** Lists the names of the secrets and says where their key is. */
export async function listSecrets(options: GlobalOptions): Promise<void> {
  const vault = vaultOf(options);
  const { document, file } = open(vault);
  const { place, words, problem } = keySource(vault);
  const rows = [...(document?.secrets ?? [])]
    .map(([name, { label, updatedAt }]) => ({ name, label: label ?? null, updatedAt }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (options.json) return printJson({ file, key: place ?? null, problem: problem ?? null, secrets: rows });
  if (rows.length === 0) print('There are no secrets yet; `hatago secret set <name>` keeps one');
  else
    print(
      formatTable(
        ['NAME', 'CHANGED', 'LABEL'],
        rows.map((row) => [row.name, row.updatedAt, clean(row.label ?? '')]),
      ),
    );
  if (place !== undefined) print(`\nKey: ${words}`);
  if (problem !== undefined) tell(problem);
}

/** The vault, or the one error that says what is wrong with it. */
export function open(vault: VaultOptions): Vault {
  return orThrow(openVault(vault));
}

/** The value of a result, or its error as a failure of the command. */
export function orThrow<T>(result: { ok: true; value: T } | { ok: false; error: string }): T {
  if (!result.ok) throw new CliError(result.error, EXIT.failure);
  return result.value;
}

/** Keeps what lies in a state directory out of version control, if nothing says otherwise yet. */
export function ignoreState(home: string): void {
  const file = join(home, '.gitignore');
  if (existsSync(file)) return;
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeFileSync(
    file,
    '# state of the hub; the configuration may be kept\n*\n!.gitignore\n!config.jsonc\n!schema.json\n',
  );
}

function checkName(name: string): void {
  if (SECRET_NAME.test(name)) return;
  throw new CliError('a secret is named with up to 128 letters, digits, underscores, dots and hyphens', EXIT.usage);
}

async function readValue(name: string): Promise<string> {
  if (canAsk()) {
    const answer = await askSecretText(`Value of ${name}`);
    if (answer === undefined) throw new CliError('nothing was kept', EXIT.denied);
    return answer;
  }
  if (process.stdin.isTTY) throw new CliError('the value is read from standard input here: pipe it in', EXIT.usage);
  return (await readInput()).replace(/\r?\n$/, '');
}

/** All of standard input as text. */
export async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new CliError('standard input is not UTF-8 text', EXIT.usage);
  }
}

function checkValue(value: string): string {
  if (value === '') throw new CliError('the value is empty; pipe it in, or type it at a terminal', EXIT.usage);
  if (value.includes('\0')) throw new CliError('the value holds a NUL character, which no variable can', EXIT.usage);
  if (Buffer.byteLength(value) > MAX_VALUE_BYTES)
    throw new CliError(`the value is over ${MAX_VALUE_BYTES} bytes`, EXIT.usage);
  return value;
}
