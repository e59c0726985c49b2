import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hatagoBin } from './paths.ts';
import { type Ended, run } from './processes.ts';
import type { Scope } from './scope.ts';

/** A project of its own, with a home of its own. */
export interface Place {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** The configuration its commands mean. */
  readonly file: string;
  /** Runs a command to its end. */
  hatago(...args: string[]): Promise<Ended>;
  /** The text of the configuration. */
  config(): string;
  /** One server as it stands there, comments on lines of their own apart. */
  entry(id: string): Record<string, unknown>;
}

/** What a place is made with. */
export interface PlaceOptions {
  readonly env: Readonly<Record<string, string>>;
  /** The configuration, named to every command. @default the one that is made in the project */
  readonly file?: string;
  /** The state directory. @default that of the configuration */
  readonly home?: string;
}

/** Makes one. */
export function makePlace(scope: Scope, options: PlaceOptions): Place {
  const cwd = scope.dir();
  const { file, home } = options;
  const env = {
    ...options.env,
    HATAGO_KEYRING: 'off',
    HATAGO_LOG_LEVEL: 'error',
    ...(home === undefined ? {} : { HATAGO_HOME: home }),
  };
  const path = file ?? join(cwd, '.hatago/config.jsonc');
  const more = file === undefined ? [] : ['--config', file];
  const config = (): string => readFileSync(path, 'utf8');
  return {
    cwd,
    env,
    file: path,
    hatago(...args) {
      const at = args.indexOf('--');
      const words = at === -1 ? [...args, ...more] : [...args.slice(0, at), ...more, ...args.slice(at)];
      return run(process.execPath, [hatagoBin, ...words], { cwd, env, limitMs: 60_000 });
    },
    config,
    entry(id) {
      const { mcpServers } = JSON.parse(config().replaceAll(/\s\/\/.*$/gm, '')) as {
        mcpServers: Record<string, Record<string, unknown>>;
      };
      return mcpServers[id] ?? {};
    },
  };
}
