import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { findConfig, homeOf } from '@hatago/hub/control/find-config.ts';
import { realPath } from '../real-path.ts';
import type { HubPlace } from './find-hub.ts';

/** The options of `hatago serve` that decide which configuration is served. */
export interface ScopeOptions {
  readonly config?: string;
  readonly foundConfig?: string;
  readonly profile?: string;
  readonly tags?: readonly string[];
  readonly envFile?: readonly string[];
  readonly envOverride?: boolean;
  readonly demo?: boolean;
}

/** Where the hub of these options is looked for: those who mean the same configuration look in the same place. */
export function placeOf(options: ScopeOptions, env: NodeJS.ProcessEnv, cwd: string): HubPlace {
  const { demo = false, envFile = [], envOverride = false, tags = [] } = options;
  const file = fileOf(options, env, cwd);
  const home = homeOf(file ?? join(cwd, 'hatago.config.jsonc'), env);
  const meaning = {
    // A directory may be seen by several machines, or containers; process ids mean something on one alone.
    host: hostname(),
    file: file === undefined ? null : realPath(file),
    demo,
    home: realPath(home),
    profile: (options.profile ?? env['HATAGO_PROFILE']) || null,
    tags: [...new Set(tags)].sort(),
    envFiles: envFile.map((path) => realPath(resolve(cwd, path))),
    envOverride,
  };
  return { folder: join(home, 'run'), key: hashOf(JSON.stringify(meaning)) };
}

/** Whether these options name a configuration that is not there: then nothing is made beside it, not even a folder. */
export function lacksConfig(options: ScopeOptions, env: NodeJS.ProcessEnv, cwd: string): boolean {
  const file = fileOf(options, env, cwd);
  return file !== undefined && !existsSync(file);
}

function fileOf({ foundConfig, config = foundConfig, demo }: ScopeOptions, env: NodeJS.ProcessEnv, cwd: string) {
  return demo ? undefined : findConfig({ cwd, env, ...(config === undefined ? {} : { file: config }) });
}

function hashOf(text: string): string {
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest('hex').slice(0, 16);
}
