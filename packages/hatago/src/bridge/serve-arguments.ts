import type { ServeOptions } from '../serving/options.ts';

/** What an option is, by every name it has on the command line. */
const TEXTS: ReadonlyMap<string, keyof ServeOptions> = new Map([
  ['-c', 'config'],
  ['--config', 'config'],
  ['--found-config', 'foundConfig'],
  ['--profile', 'profile'],
  ['-m', 'mode'],
  ['--mode', 'mode'],
  ['--tags', 'tags'],
  ['--env-file', 'envFile'],
  ['--log-level', 'logLevel'],
  ['-H', 'host'],
  ['--host', 'host'],
  ['-p', 'port'],
  ['--port', 'port'],
]);
const FLAGS: ReadonlyMap<string, readonly [keyof ServeOptions, boolean]> = new Map([
  ['--demo', ['demo', true]],
  ['--env-override', ['envOverride', true]],
  ['--stdio', ['stdio', true]],
  ['--http', ['http', true]],
  ['--json', ['json', true]],
  ['-v', ['verbose', true]],
  ['--verbose', ['verbose', true]],
  ['-q', ['quiet', true]],
  ['--quiet', ['quiet', true]],
  ['--watch', ['watch', true]],
  ['--no-watch', ['watch', false]],
]);

/** What the values must be; whatever else there is, the command line proper refuses it in words. */
const VALUES: { readonly [option in keyof ServeOptions]?: RegExp } = {
  logLevel: /^(debug|info|warn|error|silent)$/,
  port: /^\d{1,9}$/,
  mode: /^(stdio|http)$/,
};

/**
 * Reads a plain `serve` before the command line proper is loaded: that takes more memory than a bridge may, and more time
 * than a start should. Undefined for every other command and for whatever is not understood at once.
 */
export function readServeArguments(argv: readonly string[]): ServeOptions | undefined {
  const options: Record<string, unknown> = {};
  const lists: { tags: string[]; envFile: string[] } = { tags: [], envFile: [] };
  let command: string | undefined;
  for (let i = 0; i < argv.length; i++) {
    const [name, inline] = split(argv[i] as string);
    const flag = inline === undefined ? FLAGS.get(name) : undefined;
    const text = TEXTS.get(name);
    if (flag !== undefined) options[flag[0]] = flag[1];
    else if (text !== undefined) {
      const value = inline ?? argv[++i];
      if (value === undefined || VALUES[text]?.test(value) === false) return undefined;
      if (text === 'tags') lists.tags.push(...value.split(',').filter((tag) => tag !== ''));
      else if (text === 'envFile') lists.envFile.push(value);
      else options[text] = text === 'port' ? Number(value) : value;
    } else if (name.startsWith('-') || command !== undefined) return undefined;
    else command = name;
  }
  return command === 'serve' || command === 'run' ? { ...options, ...lists } : undefined;
}

function split(argument: string): [string, string | undefined] {
  const equals = argument.startsWith('--') ? argument.indexOf('=') : -1;
  return equals === -1 ? [argument, undefined] : [argument.slice(0, equals), argument.slice(equals + 1)];
}
