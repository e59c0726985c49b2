import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '@hatago/hub/control/config.ts';
import { findConfig, homeOf, loadConfig } from '@hatago/hub/control/load.ts';
import { parseConfig } from '@hatago/hub/control/schema.ts';
import { demoConfig, demoSource } from './demo.ts';
import { CliError, EXIT } from './exit.ts';

/** Options every command has. */
export interface GlobalOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly quiet?: boolean;
  readonly logLevel?: string;
}

/** What a command works on. */
export interface Context {
  readonly config: Config;
  /** The configuration file; undefined for the demo and where there is none. */
  readonly file: string | undefined;
  readonly home: string;
  readonly warnings: readonly string[];
  readonly demo: boolean;
}

/** The state directory, found without reading the configuration. */
export function findHome(options: GlobalOptions): string {
  return homeOf(locate(options) ?? join(process.cwd(), 'hatago.config.jsonc'), process.env);
}

/** Loads the configuration; without one, the demo where its servers are installed or asked for, else no servers. */
export function loadContext(options: GlobalOptions, demo = false): Context {
  const file = demo ? undefined : locate(options);
  if (file !== undefined) {
    const loaded = loadConfig(file, process.env);
    if (!loaded.ok) throw new CliError(loaded.error.join('\n'), existsSync(file) ? EXIT.usage : EXIT.notFound);
    return { ...loaded.value, demo: false };
  }
  const home = findHome(options);
  const useDemo = demo || demoSource(import.meta.filename) === 'installed';
  const sample = join(home, 'demo');
  const value = useDemo ? demoConfig(import.meta.filename, sample, join(sample, 'memory.jsonl')) : {};
  const parsed = parseConfig(value);
  if (!parsed.ok) throw new Error('the demo is not a valid configuration');
  return { config: parsed.value, file: undefined, home, warnings: [], demo: useDemo };
}

function locate(options: GlobalOptions): string | undefined {
  const { config } = options;
  return findConfig({ cwd: process.cwd(), env: process.env, ...(config === undefined ? {} : { file: config }) });
}

/** The configuration with only the servers that carry one of the tags. */
export function withTags(config: Config, tags: readonly string[]): Config {
  if (tags.length === 0) return config;
  const chosen = Object.entries(config.mcpServers).filter(([, server]) => server.tags.some((t) => tags.includes(t)));
  if (chosen.length === 0) {
    throw new CliError(
      `no server carries one of the tags ${tags.join(', ')}; see "tags" in the configuration`,
      EXIT.notFound,
    );
  }
  return { ...config, mcpServers: Object.fromEntries(chosen) };
}
