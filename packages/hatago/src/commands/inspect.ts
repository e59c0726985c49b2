import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { toUpstreamSpec } from '@hatago/hub/control/server-spec.ts';
import type { Upstream } from '@hatago/hub/core/upstream.ts';
import type { UpstreamSpec } from '@hatago/hub/upstream/spec.ts';
import { toWindowsCommand } from '@hatago/hub/upstream/windows-command.ts';
import type { Words } from '../add/target.ts';
import { inspectorCommand, whyNoInspector } from '../client/inspector.ts';
import { type Finding, lint } from '../client/lint.ts';
import { readAll } from '../client/read-all.ts';
import { openRunningHub, openServer, type Target } from '../client/target.ts';
import { coloursFor } from '../colours.ts';
import { type GlobalOptions, loadContext } from '../context.ts';
import { hubHomeOf, noHub } from '../control/require-hub.ts';
import { CliError, EXIT } from '../exit.ts';
import { clean, firstLine, formatTable, print, printJson, tell } from '../output.ts';
import { withProgress } from '../progress.ts';
import { findRunningHub } from '../run-file.ts';

const pc = coloursFor(process.stdout);

/** Options of `hatago inspect`. */
export interface InspectOptions extends GlobalOptions {
  readonly timeout?: number;
  /** Opens the MCP Inspector instead. */
  readonly ui?: boolean;
}

/** What is no server of the configuration is called so. */
const TARGET = 'the server';

type Item = Record<string, unknown>;

const LISTS = [
  ['tools', 'tools/list', 'tools'],
  ['resources', 'resources/list', 'resources'],
  ['resourceTemplates', 'resources/templates/list', 'resources'],
  ['prompts', 'prompts/list', 'prompts'],
] as const;

/** Connects to one server, or to the running hub, and prints what it offers and what is wrong with it. */
export async function inspect(words: Words, options: InspectOptions): Promise<void> {
  if (options.ui) return openInspector(words, options);
  const terms = { timeout: 30_000, ...options };
  const target = await withProgress('connecting', () =>
    words.before.length === 0 && words.after === undefined
      ? openHubHere(terms)
      : openServer(specOf(words, options), terms),
  );
  try {
    const { offers } = target.upstream.status;
    if (offers === undefined) throw new CliError('the server said nothing of itself');
    const lists: Record<string, readonly Item[]> = {};
    for (const [key, method, capability] of LISTS) {
      if (capability in offers.capabilities)
        lists[key] = await readAll(target.upstream, method, key, { limitMs: terms.timeout });
    }
    const findings = lint(lists);
    if (options.json) return printJson({ ...offers, ...lists, findings });
    show(offers, lists, findings);
  } finally {
    await target.close();
  }
}

async function openHubHere(options: InspectOptions): Promise<Target> {
  const target = await openRunningHub(options);
  if (target !== undefined) return target;
  throw noHub(hubHomeOf(options), ', or name a server to inspect');
}

function hubUrl(options: InspectOptions): string {
  const run = findRunningHub(hubHomeOf(options));
  if (run?.url !== undefined) return run.url;
  if (run !== undefined)
    throw new CliError('the hub that runs here serves no HTTP, which the Inspector needs; give a URL');
  throw noHub(hubHomeOf(options), ', or name a server to inspect');
}

/** Runs the MCP Inspector until the person ends it; it serves a web page, so somebody has to sit there. */
async function openInspector(words: Words, options: InspectOptions): Promise<void> {
  const [file, ...args] = inspectorCommand(uiUrl(words, options));
  tell([file, ...args].join(' '));
  if (process.stdout.isTTY !== true) {
    throw new CliError(
      '--ui opens a page for a person, and there is no terminal; run the command above in one',
      EXIT.usage,
    );
  }
  const unfit = whyNoInspector(process.versions.node);
  if (unfit !== undefined) throw new CliError(unfit);
  const found = process.platform === 'win32' ? toWindowsCommand(file, args, { env: process.env }) : undefined;
  if (found?.ok === false) throw new CliError(found.error);
  const { file: program, args: rest } = found?.value ?? { file, args };
  const child = spawn(program, rest, { stdio: 'inherit', shell: false });
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', () =>
      reject(new CliError('npx was not found; it comes with Node.js, from https://nodejs.org')),
    );
    child.once('exit', (code) => resolve(code ?? EXIT.ok));
  });
}

function uiUrl({ before: [first, ...rest], after }: Words, options: InspectOptions): string {
  const isOne = rest.length === 0 && after === undefined;
  if (first === undefined && isOne) return hubUrl(options);
  if (first !== undefined && /^https?:\/\//.test(first) && isOne) return first;
  const { config } = loadContext(options);
  if (first !== undefined && isOne && config.mcpServers[first] !== undefined) return `${hubUrl(options)}/${first}`;
  throw new CliError('--ui takes a URL, or a server of the running hub', EXIT.usage);
}

function specOf({ before, after }: Words, options: InspectOptions): UpstreamSpec {
  if (after !== undefined) {
    const [command, ...args] = after;
    if (command !== undefined && before.length === 0) return { id: TARGET, kind: 'stdio', command, args };
    throw new CliError('a command goes after --, and nothing before it: hatago inspect -- node server.js', EXIT.usage);
  }
  const [first = '', ...args] = before;
  if (args.length === 0 && /^https?:\/\//.test(first)) return { id: TARGET, kind: 'http', url: first };
  if (args.length === 0 && /^wss?:\/\//.test(first)) return { id: TARGET, kind: 'ws', url: first };
  const { config, file } = loadContext(options);
  const server = args.length === 0 ? config.mcpServers[first] : undefined;
  if (server !== undefined) {
    // It is inspected alone: what it depends on is not there.
    const { dependsOn: _, ...spec } = toUpstreamSpec(first, server, config, process.cwd());
    return spec;
  }
  if (args.length === 0 && !existsSync(first) && !/[/\\]/.test(first)) {
    const known = Object.keys(config.mcpServers).join(', ') || 'none';
    throw new CliError(
      `there is no server ${JSON.stringify(first)} in ${file ?? 'the configuration'} (known: ${known}); give a URL, or a command after --`,
      EXIT.notFound,
    );
  }
  return { id: TARGET, kind: 'stdio', command: first, args };
}

function show(
  offers: NonNullable<Upstream['status']['offers']>,
  lists: Readonly<Record<string, readonly Item[]>>,
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
