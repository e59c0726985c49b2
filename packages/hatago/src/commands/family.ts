import type { ServerView } from '@hatago/hub/control/control-plane.ts';
import { openConfigFile } from '../add/config-file.ts';
import { packageOfCommand } from '../add/npx-command.ts';
import { parseTarget, type Words } from '../add/target.ts';
import type { GlobalOptions } from '../context.ts';
import { findHub } from '../control/require-hub.ts';
import { CliError, EXIT } from '../exit.ts';
import { clean, formatTable, print, printJson } from '../output.ts';
import { unknownServer } from './rm.ts';

/** The families of servers: packages of npm, remote servers, and all of them. */
export type FamilyName = 'npx' | 'remote' | 'mcp';

/** What one server of a family is, in words. */
const WORDS: Readonly<Record<FamilyName, string>> = {
  npx: 'an npm package',
  remote: 'a remote server',
  mcp: 'a server',
};

interface Member {
  readonly command?: string;
  readonly args: readonly string[];
  readonly url?: string;
}

const isIn = (family: FamilyName, { command, args, url }: Member): boolean => {
  if (family === 'mcp') return true;
  return family === 'remote'
    ? url !== undefined
    : command !== undefined && packageOfCommand(command, args) !== undefined;
};

/** Refuses what is to be added but belongs into another family. */
export function checkKind(family: FamilyName, words: Words): void {
  const { target } = parseTarget(words);
  const kind = target.kind === 'url' ? 'remote' : target.kind === 'package' ? 'npx' : 'mcp';
  if (family === 'mcp' || family === kind) return;
  throw new CliError(`that is not ${WORDS[family]}; \`hatago add\` takes anything`, EXIT.usage);
}

/** Refuses a server that is not there, or belongs into another family. */
export function checkMember(family: FamilyName, id: string, options: GlobalOptions): void {
  const file = openConfigFile(options);
  const { mcpServers } = file.preview([]).config;
  const server = mcpServers[id];
  if (server === undefined) throw unknownServer(id, Object.keys(mcpServers), file);
  if (!isIn(family, server))
    throw new CliError(`${id} is not ${WORDS[family]}; leave out \`${family}\``, EXIT.notFound);
}

/** Prints the servers of a family, or one of them, as the running hub has them or, without one, as they are configured. */
export async function listFamily(family: FamilyName, id: string | undefined, options: GlobalOptions): Promise<void> {
  if (id !== undefined) checkMember(family, id, options);
  const { mcpServers } = openConfigFile(options).preview([]).config;
  const chosen = Object.entries(mcpServers).filter(
    ([name, server]) => (id === undefined || name === id) && isIn(family, server),
  );
  const hub = findHub(options);
  const views = hub === undefined ? [] : (await hub.get<{ servers: readonly ServerView[] }>('/servers')).servers;
  const rows = chosen.map(([name, server]) => {
    const view = views.find((one) => one.id === name);
    const { type, command, args, url, tags } = server;
    // Further arguments and the query may hold a credential.
    const runs = url === undefined ? (packageOfCommand(command ?? '', args)?.spec ?? command ?? '') : withoutQuery(url);
    return {
      id: name,
      type,
      runs,
      tags,
      state: view?.readiness.state ?? 'not running',
      tools: view?.tools ?? null,
      view: view ?? null,
    };
  });
  if (options.json) return printJson({ running: hub !== undefined, servers: rows });
  if (rows.length === 0) return print('There are none; `hatago add` adds one.');
  const toRow = (row: (typeof rows)[number]): string[] => [
    row.id,
    row.state,
    row.type,
    row.tools === null ? '' : String(row.tools),
    clean(row.runs),
  ];
  print(formatTable(['SERVER', 'STATE', 'TYPE', 'TOOLS', 'RUNS'], rows.map(toRow)));
  for (const { id: name, view } of rows)
    if (view?.readiness.message !== undefined)
      print(
        `\n${name}: ${clean(view.readiness.message)}${view.readiness.fix === undefined ? '' : `\n  ${view.readiness.fix}`}`,
      );
}

function withoutQuery(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
