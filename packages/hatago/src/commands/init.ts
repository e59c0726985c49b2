import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { editDocument } from '@hatago/hub/control/edit-document.ts';
import { folderOf } from '@hatago/hub/control/find-config.ts';
import { formatValue } from '@hatago/hub/control/json-layout.ts';
import { configJsonSchema } from '@hatago/hub/control/json-schema.ts';
import { loadServers, type ServersOfFile } from '@hatago/hub/control/load.ts';
import { syntaxOf } from '@hatago/hub/control/syntax.ts';
import { writeAtomically } from '@hatago/hub/storage/atomic-write.ts';
import type { GlobalOptions } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { clean, print, printJson, tell } from '../output.ts';
import { httpSnippets, stdioSnippet } from '../snippets.ts';
import { keepOutOfGit } from '../state-folder.ts';
import { approve } from '../trust/approve.ts';

/** Options of `hatago init`. */
export interface InitOptions extends GlobalOptions {
  readonly mode?: 'stdio' | 'http';
  readonly force?: boolean;
  readonly from?: string;
  readonly output?: string;
}

const EXAMPLE: ServersOfFile = {
  servers: { everything: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-everything@2026.8.31'] } },
  warnings: [],
};

/** Writes a configuration, its schema and a `.gitignore` for the state beside it. */
export async function init(options: InitOptions): Promise<void> {
  const file = resolve(options.output ?? options.config ?? join('.hatago', 'config.jsonc'));
  if (existsSync(file) && !options.force) {
    throw new CliError(`${file} is there already; --force overwrites it, -o writes elsewhere`, EXIT.failure);
  }
  const { servers, warnings } = options.from === undefined ? EXAMPLE : serversOf(resolve(options.from));
  const home = folderOf(file);
  const schema = join(home, 'schema.json');
  try {
    mkdirSync(home, { recursive: true });
    writeAtomically(schema, `${JSON.stringify(configJsonSchema(), null, 2)}\n`, { mode: 0o644 });
    keepOutOfGit(home);
    writeAtomically(file, textOf(file, schema, servers), { mode: 0o644 });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CliError(`${file} cannot be written: ${code ?? message}`, EXIT.failure);
  }
  if (options.from === undefined) await approveExample(file, Object.keys(servers));
  report(options, file, { servers, warnings });
}

/** The example is written on the user's word; servers taken over from a file are asked about before they run. */
async function approveExample(file: string, ids: readonly string[]): Promise<void> {
  try {
    await approve(file, ids);
  } catch {
    // Where nothing can be remembered, it is asked about when it is to run.
  }
}

function textOf(file: string, schema: string, servers: ServersOfFile['servers']): string {
  const link = `./${relative(dirname(file), schema).replaceAll('\\', '/')}`;
  if (syntaxOf(file) === 'yaml') return yamlOf(link, servers);
  return `{
  "$schema": ${JSON.stringify(link)},
  "version": 2,
  // Every server under its own id; its tools are called <id>_<tool>.
  // A local process has "command" and "args", a remote server has "url". \${VAR} takes a value from the environment,
  // \${secret:NAME} one of \`hatago secret set NAME\`.
  "mcpServers": ${formatValue(servers, '  ', { unit: '  ', eol: '\n' })}
}
`;
}

function yamlOf(schema: string, servers: ServersOfFile['servers']): string {
  const head = `# yaml-language-server: $schema=${schema}\n# Every server under its own id; its tools are called <id>_<tool>.\n`;
  const body = editDocument('', [{ path: [], value: { version: 2, mcpServers: servers } }], 'yaml');
  if (!body.ok) throw new Error(body.error);
  return head + body.value;
}

function serversOf(file: string): ServersOfFile {
  const servers = loadServers(file, process.env);
  if (servers.ok) return servers.value;
  throw new CliError(servers.error.join('\n'), existsSync(file) ? EXIT.usage : EXIT.notFound);
}

function report(options: InitOptions, file: string, { servers, warnings }: ServersOfFile): void {
  const url = 'http://127.0.0.1:3535/mcp';
  const ids = Object.keys(servers);
  if (options.json) return printJson({ file, servers: ids, warnings, url });
  for (const warning of warnings) tell(`warning: ${clean(warning)}`);
  print(`Wrote ${file} with ${ids.length === 1 ? 'one server' : `${ids.length} servers`}: ${ids.join(', ')}`);
  print('\nTake over the servers that your clients have already:  hatago import');
  print('Let a client use the hub:  hatago connect claude-code  (`hatago connect` lists the others)');
  if (options.mode !== 'stdio') {
    print('\nOr run the hub with  hatago serve --http  and connect a client:');
    for (const { client, text } of httpSnippets(url)) print(`  ${client.padEnd(11)}  ${text}`);
  }
  if (options.mode === 'http') return;
  print('\nOr let a client start it, in its .mcp.json:');
  print(stdioSnippet(file).text);
}
