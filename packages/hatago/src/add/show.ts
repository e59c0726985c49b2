import { visible, visibleCommand } from '@hatago/hub/control/trust/visible.ts';
import { coloursFor } from '../colours.ts';
import { tell } from '../output.ts';
import type { NpmPackage } from './npm-package.ts';
import type { Probe } from './probe.ts';

const pc = coloursFor(process.stderr);

/** What is shown of a server before anything of it runs. */
export interface Shown {
  readonly id: string;
  readonly entry: Readonly<Record<string, unknown>>;
  readonly release: NpmPackage | undefined;
  readonly warnings: readonly string[];
  /** The file it would be written into. */
  readonly file: string;
}

/** Shows in full what would run, or be connected to, on stderr; hidden characters are made visible, values are not shown. */
export function showServer({ id, entry, release, warnings, file }: Shown): void {
  tell(pc.bold(`${id}: ${kindOf(entry, release)}`));
  for (const [name, text] of rowsOf(entry, release, file)) tell(`  ${name.padEnd(10)}  ${visible(text)}`);
  for (const warning of warnings) tell(`  ${pc.yellow('careful')}     ${visible(warning)}`);
}

function kindOf(entry: Readonly<Record<string, unknown>>, release: NpmPackage | undefined): string {
  if (entry['url'] !== undefined) return 'a remote server';
  return release === undefined ? 'a command run on this machine' : 'an npm package run on this machine';
}

function rowsOf(
  entry: Readonly<Record<string, unknown>>,
  release: NpmPackage | undefined,
  file: string,
): [string, string][] {
  const {
    command,
    args = [],
    url,
    type,
    tags = [],
  } = entry as {
    command?: string;
    args?: string[];
    url?: string;
    type?: string;
    tags?: string[];
  };
  const rows: [string, string | undefined][] = [
    ['package', release && `${release.name} ${release.version}${about(release)}`],
    ['says', release?.description],
    ['integrity', release && (release.integrity ?? 'the registry names none')],
    ['from', release?.source],
    ['runs', command && visibleCommand([command, ...args])],
    ['in', typeof entry['cwd'] === 'string' ? entry['cwd'] : undefined],
    ['variables', command === undefined ? undefined : namesOf(entry['env'], 'only what every program needs')],
    ['address', url && withoutQuery(url)],
    ['over', url && TRANSPORTS[type ?? 'http']],
    ['headers', url === undefined ? undefined : namesOf(entry['headers'], undefined)],
    ['signs in', entry['auth'] === undefined ? undefined : 'with a bearer token kept as a secret'],
    ['tags', tags.length === 0 ? undefined : tags.join(', ')],
    ['written to', file],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined && row[1] !== '');
}

const TRANSPORTS: Readonly<Record<string, string>> = {
  http: 'Streamable HTTP, or HTTP+SSE where that is all it has',
  sse: 'HTTP+SSE of 2024-11-05',
  ws: 'WebSocket',
};

function about({ license, publisher }: NpmPackage): string {
  const parts = [license, publisher === undefined ? undefined : `published by ${publisher}`].filter(
    (part) => part !== undefined,
  );
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function namesOf(values: unknown, otherwise: string | undefined): string | undefined {
  const names = Object.keys((values ?? {}) as object);
  return names.length === 0 ? otherwise : names.join(', ');
}

/** A query may hold a credential. */
function withoutQuery(url: string): string {
  const { origin, protocol, host, pathname, search } = new URL(url);
  return `${origin === 'null' ? `${protocol}//${host}` : origin}${pathname}${search === '' ? '' : '?…'}`;
}

/** What a server that could be connected to offers, in one line. */
export function offeredBy({ offers, tools, tokens, resources, prompts }: Probe): string {
  const counts = [
    `${tools} tool${tools === 1 ? '' : 's'}${tools === 0 ? '' : ` (about ${tokens} tokens)`}`,
    ...(resources === 0 ? [] : [`${resources} resource${resources === 1 ? '' : 's'}`]),
    ...(prompts === 0 ? [] : [`${prompts} prompt${prompts === 1 ? '' : 's'}`]),
  ].join(', ');
  return offers === undefined ? counts : `${counts}; MCP ${offers.protocolVersion} (${offers.era})`;
}
