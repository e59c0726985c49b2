import type { ScopeOptions } from './scope.ts';

type Text = 'config' | 'profile' | 'mode' | 'tags' | 'envFile';
type Flag = 'demo' | 'envOverride' | 'stdio' | 'http';

/** What takes a value, and what it is to a bridge; '' is the affair of the hub alone. */
const TEXTS = new Map<string, Text | ''>([
  ['-c', 'config'],
  ['--config', 'config'],
  ['--profile', 'profile'],
  ['-m', 'mode'],
  ['--mode', 'mode'],
  ['--tags', 'tags'],
  ['--env-file', 'envFile'],
  ['--log-level', ''],
  ['-H', ''],
  ['--host', ''],
  ['-p', ''],
  ['--port', ''],
]);
const FLAGS = new Map<string, Flag | ''>([
  ['--demo', 'demo'],
  ['--env-override', 'envOverride'],
  ['--stdio', 'stdio'],
  ['--http', 'http'],
  ['--json', ''],
  ['-v', ''],
  ['--verbose', ''],
  ['-q', ''],
  ['--quiet', ''],
  ['--watch', ''],
  ['--no-watch', ''],
]);

/** Values that the command line proper would refuse: a bridge that becomes the hub must not find that out then. */
const VALUES = new Map<string, RegExp>([
  ['--log-level', /^(debug|info|warn|error|silent)$/],
  ['-p', /^\d{1,9}$/],
  ['--port', /^\d{1,9}$/],
  ['-m', /^(stdio|http)$/],
  ['--mode', /^(stdio|http)$/],
]);

/** What a bridge has to know of the command line. */
export interface ServeArguments extends ScopeOptions {
  readonly mode: 'stdio' | 'http' | undefined;
}

/**
 * Reads a plain `serve` before the command line proper is loaded, which takes more memory than a bridge may; undefined
 * for every other command and for whatever is not understood at once.
 */
export function readServeArguments(argv: readonly string[]): ServeArguments | undefined {
  const texts = new Map<Text | '', string[]>();
  const flags = new Set<Flag | ''>();
  let command: string | undefined;
  for (let i = 0; i < argv.length; i++) {
    const [name, inline] = split(argv[i] as string);
    const flag = inline === undefined ? FLAGS.get(name) : undefined;
    const text = TEXTS.get(name);
    if (flag !== undefined) flags.add(flag);
    else if (text !== undefined) {
      const value = inline ?? argv[++i];
      if (value === undefined || VALUES.get(name)?.test(value) === false) return undefined;
      texts.set(text, [...(texts.get(text) ?? []), value]);
    } else if (name.startsWith('-') || command !== undefined) return undefined;
    else command = name;
  }
  const named = texts.get('mode')?.at(-1);
  if (command !== 'serve' && command !== 'run') return undefined;
  const config = texts.get('config')?.at(-1);
  const profile = texts.get('profile')?.at(-1);
  return {
    ...(config === undefined ? {} : { config }),
    ...(profile === undefined ? {} : { profile }),
    tags: (texts.get('tags') ?? []).flatMap((value) => value.split(',')).filter((tag) => tag !== ''),
    envFile: texts.get('envFile') ?? [],
    demo: flags.has('demo'),
    envOverride: flags.has('envOverride'),
    mode:
      flags.has('http') || named === 'http' ? 'http' : flags.has('stdio') || named === 'stdio' ? 'stdio' : undefined,
  };
}

function split(argument: string): [string, string | undefined] {
  const equals = argument.startsWith('--') ? argument.indexOf('=') : -1;
  return equals === -1 ? [argument, undefined] : [argument.slice(0, equals), argument.slice(equals + 1)];
}
