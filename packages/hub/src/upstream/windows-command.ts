import { existsSync } from 'node:fs';
import { win32 } from 'node:path';
import { err, ok, type Result } from '@hatago/protocol';

/** A program and its arguments as they are handed to `spawn`. */
export interface SpawnCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** The arguments are quoted already (`windowsVerbatimArguments`). */
  readonly verbatim: boolean;
}

/** What {@link toWindowsCommand} looks things up in. */
export interface WindowsLookup {
  readonly env: { readonly [name: string]: string | undefined };
  /** @default node:fs existsSync */
  exists?(path: string): boolean;
}

/** What `cmd.exe` acts on even inside quotes. */
const UNSAFE = /["%!\r\n\0]/;
const CLI: { readonly [name: string]: string } = { npx: 'npx-cli.js', npm: 'npm-cli.js' };

/**
 * What to spawn on Windows for a command: programs as they are; `npx` and `npm` as node with their script; other batch
 * files through `cmd.exe` with every argument quoted. An argument that `cmd.exe` would act on even so is refused, and
 * the error says which.
 */
export function toWindowsCommand(
  command: string,
  args: readonly string[],
  { env, exists = existsSync }: WindowsLookup,
): Result<SpawnCommand, string> {
  const path = find(command, env, exists);
  if (path === undefined || !/\.(cmd|bat)$/i.test(path)) return ok({ file: path ?? command, args, verbatim: false });
  const folder = win32.dirname(path);
  const script =
    CLI[
      win32
        .basename(path)
        .replace(/\.cmd$/i, '')
        .toLowerCase()
    ];
  if (script !== undefined) {
    const cli = win32.join(folder, 'node_modules', 'npm', 'bin', script);
    const node = win32.join(folder, 'node.exe');
    if (exists(cli)) return ok({ file: exists(node) ? node : 'node.exe', args: [cli, ...args], verbatim: false });
  }
  const unsafe = [path, ...args].find((text) => UNSAFE.test(text));
  if (unsafe !== undefined) {
    return err(`the argument ${JSON.stringify(unsafe)} cannot be passed to the batch file ${command} safely`);
  }
  const line = [path, ...args].map(quote).join(' ');
  return ok({ file: env.COMSPEC ?? env.ComSpec ?? 'cmd.exe', args: ['/d', '/s', '/c', `"${line}"`], verbatim: true });
}

/** In quotes, with the backslashes before the closing one doubled, as programs split their command line. */
function quote(text: string): string {
  return `"${text.replace(/\\+$/, (slashes) => slashes + slashes)}"`;
}

function find(command: string, env: WindowsLookup['env'], exists: (path: string) => boolean): string | undefined {
  const extensions = (variable(env, 'PATHEXT') ?? '.COM;.EXE;.BAT;.CMD').split(';').filter((ext) => ext !== '');
  const folders = /[\\/]/.test(command) ? [''] : (variable(env, 'PATH') ?? '').split(';').filter((dir) => dir !== '');
  for (const folder of folders) {
    const base = folder === '' ? command : win32.join(folder, command);
    if (win32.extname(command) !== '' && exists(base)) return base;
    for (const extension of extensions) {
      const path = base + extension.toLowerCase();
      if (exists(path)) return path;
    }
  }
  return undefined;
}

function variable(env: WindowsLookup['env'], name: string): string | undefined {
  for (const key of Object.keys(env)) if (key.toUpperCase() === name) return env[key];
  return undefined;
}
