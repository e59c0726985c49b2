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
  const { config = options.foundConfig, demo = false, envFile = [], envOverride = false, tags = [] } = options;
  const file = demo ? undefined : findConfig({ cwd, env, ...(config === undefined ? {} : { file: config }) });
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

function hashOf(text: string): string {
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest('hex').slice(0, 16);
}
