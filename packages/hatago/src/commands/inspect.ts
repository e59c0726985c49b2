import { existsSync } from 'node:fs';
import type { Upstream } from '@hatago/hub/core/upstream.ts';
import type { UpstreamSpec } from '@hatago/hub/upstream/spec.ts';
import { type Finding, lint } from '../client/lint.ts';
import { request } from '../client/request.ts';
import { openServer } from '../client/target.ts';
import { coloursFor } from '../colours.ts';
import { type GlobalOptions, loadContext } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { clean, firstLine, formatTable, print, printJson } from '../output.ts';

const pc = coloursFor(process.stdout);

/** Options of `hatago inspect`. */
export interface InspectOptions extends GlobalOptions {
  readonly timeout?: number;
}

type Item = Record<string, unknown>;

const LISTS = [
  ['tools', 'tools/list', 'tools'],
  ['resources', 'resources/list', 'resources'],
  ['resourceTemplates', 'resources/templates/list', 'resources'],
  ['prompts', 'prompts/list', 'prompts'],
] as const;

/** Connects to one server and prints what it offers and what is wrong with it. */
export async function inspect(words: readonly string[], options: InspectOptions): Promise<void> {
  const target = await openServer(specOf(words, options), { timeout: 30_000, ...options });
  try {
    const { offers } = target.upstream.status;
    if (offers === undefined) throw new CliError('the server said nothing of itself');
    const lists: Record<string, Item[]> = {};
    for (const [key, method, capability] of LISTS) {
      if (capability in offers.capabilities) lists[key] = await readList(target.upstream, method, key);
    }
    const findings = lint(lists);
    if (options.json) return printJson({ ...offers, ...lists, findings });
    show(offers, lists, findings);
  } finally {
    await target.close();
  }
}

function specOf(words: readonly string[], options: InspectOptions): UpstreamSpec {
  const [first = '', ...args] = words;
  if (/^https?:\/\//.test(first)) return { id: 'target', kind: 'http', url: first };
  if (/^wss?:\/\//.test(first)) return { id: 'target', kind: 'ws', url: first };
  const { config, file } = loadContext(options);
  const server = args.length === 0 ? config.mcpServers[first] : undefined;
  if (server !== undefined) return { ...server, id: first, kind: server.type };
  if (args.length === 0 && !existsSync(first) && !/[/\\]/.test(first)) {
    const known = Object.keys(config.mcpServers).join(', ') || 'none';
    throw new CliError(
      `there is no server ${JSON.stringify(first)} in ${file ?? 'the configuration'} (known: ${known}); give a URL, or a command after --`,
      EXIT.notFound,
    );
  }
  return { id: 'target', kind: 'stdio', command: first, args };
}

async function readList(upstream: Upstream, method: string, key: string): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: unknown;
  for (let page = 0; page < 64; page++) {
    const result = await request(upstream, method, cursor === undefined ? {} : { cursor });
    items.push(...((result[key] as Item[] | undefined) ?? []));
    cursor = result['nextCursor'];
    if (cursor === undefined) break;
  }
  return items;
}

function show(
  offers: NonNullable<Upstream['status']['offers']>,
  lists: Record<string, Item[]>,
  findings: readonly Finding[],
): void {
  const { name, version } = (offers.serverInfo ?? {}) as { name?: string; version?: string };
  print(pc.bold(clean(`${name ?? 'unnamed server'} ${version ?? ''}`)));
  print(`protocol      ${offers.protocolVersion} (${offers.era})`);
  print(`capabilities  ${Object.keys(offers.capabilities).join(', ') || 'none'}`);
  if (offers.instructions !== undefined) print(`instructions  ${firstLine(offers.instructions, 100)}`);
  for (const [kind, items] of Object.entries(lists)) {
    if (items.length === 0) continue;
    print(`\n${formatTable([kind.toUpperCase(), ''], items.map(toRow))}`);
  }
  print('');
  if (findings.length === 0) print(pc.green('no findings'));
  for (const { level, item, message } of findings) {
    print(`${level === 'error' ? pc.red('error') : pc.yellow('warn ')}  ${clean(item)}: ${message}`);
  }
}

function toRow(item: Item): string[] {
  const schema = item['inputSchema'] as { properties?: object; required?: string[] } | undefined;
  const args = Object.keys(schema?.properties ?? {}).map((key) => (schema?.required?.includes(key) ? key : `${key}?`));
  const label = String(item['name'] ?? item['uri'] ?? item['uriTemplate']);
  const place = item['uri'] ?? item['uriTemplate'];
  return [
    schema === undefined ? label : `${label}(${args.join(', ')})`,
    firstLine(String(item['description'] ?? place ?? ''), 80),
  ];
}
