import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { configJsonSchema } from '@hatago/hub/control/json-schema.ts';
import { loadServers } from '@hatago/hub/control/load.ts';
import type { GlobalOptions } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { print, printJson } from '../output.ts';
import { httpSnippets, stdioSnippet } from '../snippets.ts';

/** Options of `hatago init`. */
export interface InitOptions extends GlobalOptions {
  readonly force?: boolean;
  readonly from?: string;
  readonly output?: string;
}

const EXAMPLE = {
  everything: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-everything@2026.8.31'] },
};

/** Writes a configuration, its schema and a `.gitignore` for the state beside it. */
export async function init(options: InitOptions): Promise<void> {
  const file = resolve(options.output ?? options.config ?? join('.hatago', 'config.jsonc'));
  if (existsSync(file) && !options.force) {
    throw new CliError(`${file} is there already; --force overwrites it, -o writes elsewhere`, EXIT.failure);
  }
  const servers = options.from === undefined ? EXAMPLE : serversOf(resolve(options.from));
  const home = dirname(file).endsWith('.hatago') ? dirname(file) : join(dirname(file), '.hatago');
  mkdirSync(home, { recursive: true });
  mkdirSync(dirname(file), { recursive: true });
  const schema = join(home, 'schema.json');
  writeFileSync(schema, `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  writeFileSync(
    join(home, '.gitignore'),
    '# state of the hub; the configuration may be kept\n*\n!.gitignore\n!config.jsonc\n!schema.json\n',
  );
  writeFileSync(file, textOf(`./${relative(dirname(file), schema).replaceAll('\\', '/')}`, servers));
  report(options, file, Object.keys(servers));
}

function textOf(schema: string, servers: Record<string, unknown>): string {
  const body = JSON.stringify(servers, null, 2).replaceAll('\n', '\n  ');
  return `{
  "$schema": ${JSON.stringify(schema)},
  "version": 2,
  // Every server under its own id; its tools are called <id>_<tool>.
  // A local process has "command" and "args", a remote server has "url". \${VAR} takes a value from the environment.
  "mcpServers": ${body}
}
`;
}

function serversOf(file: string): Record<string, unknown> {
  const servers = loadServers(file);
  if (!servers.ok) throw new CliError(servers.error.join('\n'), EXIT.usage);
  return servers.value;
}

function report(options: InitOptions, file: string, servers: string[]): void {
  const url = 'http://127.0.0.1:3535/mcp';
  if (options.json) return printJson({ file, servers, url });
  print(
    `Wrote ${file} with ${servers.length === 1 ? 'one server' : `${servers.length} servers`}: ${servers.join(', ')}`,
  );
  print('\nRun the hub with  hatago serve --http  and connect a client:');
  for (const { client, text } of httpSnippets(url)) print(`  ${client.padEnd(11)}  ${text}`);
  print('\nOr let a client start it, in its .mcp.json:');
  print(stdioSnippet(file).text);
}
