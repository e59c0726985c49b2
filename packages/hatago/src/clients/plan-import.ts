import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '@hatago/protocol';
import { toServerId } from '../add/server-id.ts';
import type { ServerEntry } from './client.ts';
import { dangerousNames } from './dangerous-env.ts';
import type { FoundServer } from './find-servers.ts';
import { type LiteralSecret, liftSecrets, liftUnset } from './literal-secrets.ts';
import { isOwnEntry } from './own-entry.ts';

/** One server that clients have, and what becomes of it. */
export interface PlannedServer {
  /** Its id in our configuration. */
  readonly id: string;
  /** The clients' name for it. */
  readonly name: string;
  /** Every place it was found in. */
  readonly sources: readonly FoundServer[];
  readonly state: 'new' | 'present' | 'refused';
  /** Why it is refused or under another name; undefined where there is nothing to say. */
  readonly reason: string | undefined;
  /** As it is written into our configuration. */
  readonly entry: ServerEntry;
  readonly secrets: readonly LiteralSecret[];
  /** Whether it is taken where nobody is asked: switched on, the user's own, and for this project or all of them. */
  readonly chosen: boolean;
}

/** What a plan is made against. */
export interface PlanOptions {
  /** Servers our configuration has already, by id, as they are written there. */
  readonly existing: Readonly<Record<string, unknown>>;
  /** Dangerous variables the user allows. */
  readonly allowEnv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ports the hub serves on. */
  readonly ports: readonly number[];
  readonly cwd: string;
}

/** Brings what was found into one list: the same server of several clients once, ids made ours, our own entry left out. */
export function planImport(found: readonly FoundServer[], options: PlanOptions): readonly PlannedServer[] {
  const groups: FoundServer[][] = [];
  for (const server of found) {
    if (isOwnEntry(server.entry, options.ports)) continue;
    const same = groups.find(([first]) => first !== undefined && isSame(first.entry, server.entry));
    if (same === undefined) groups.push([server]);
    else same.push(server);
  }
  const taken = new Set(Object.keys(options.existing));
  return groups.map((sources) => plan(sources, taken, options));
}

function plan(sources: readonly FoundServer[], taken: Set<string>, options: PlanOptions): PlannedServer {
  // Where one client has it switched off and another on, it is on.
  const first = (sources.find(({ entry }) => entry['disabled'] !== true) ?? sources[0]) as FoundServer;
  const present = Object.entries(options.existing).find(([, entry]) => isSameAsOurs(entry, first.entry));
  const wanted = toServerId(first.name.normalize('NFKD').replace(/\p{M}/gu, '')) || 'server';
  const base = { name: first.name, sources };
  if (present !== undefined) {
    const rest = { entry: first.entry, secrets: [], chosen: false } as const;
    return { ...base, ...rest, id: present[0], state: 'present', reason: undefined };
  }
  const id = freeId(wanted, first.client.id, taken);
  const lifted = liftSecrets(id, first.entry);
  const complete = liftUnset(id, lifted.entry, options.env);
  const dangerous = dangerousNames(first.entry['env']).filter((name) => !options.allowEnv.includes(name));
  const here = sources.some(({ project, shared }) => !shared && (project === undefined || project === options.cwd));
  if (dangerous.length === 0) taken.add(id);
  return {
    ...base,
    id,
    entry: complete,
    secrets: lifted.secrets,
    state: dangerous.length > 0 ? 'refused' : 'new',
    reason:
      dangerous.length > 0 ? refusal(dangerous) : id === wanted ? undefined : `"${wanted}" is another server here`,
    chosen: dangerous.length === 0 && here && first.entry['disabled'] !== true,
  };
}

const refusal = (names: readonly string[]): string =>
  `sets ${names.join(', ')}, which can make it run other code; --allow-env ${names.join(',')} lets it`;

function freeId(wanted: string, client: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  const cut = (suffix: string): string => `${wanted.slice(0, 31 - suffix.length).replace(/-+$/, '')}-${suffix}`;
  if (!taken.has(cut(client))) return cut(client);
  for (let n = 2; ; n++) if (!taken.has(cut(String(n)))) return cut(String(n));
}

const PARTS = ['type', 'command', 'args', 'url', 'env', 'headers'] as const;

/** Whether two entries reach the same server in the same way; a folder that only one of them names makes no difference. */
function isSame(a: ServerEntry, b: ServerEntry): boolean {
  return isSamePlace(a, b) && PARTS.every((part) => isDeepStrictEqual(a[part] ?? null, b[part] ?? null));
}

const isSamePlace = (a: ServerEntry, b: ServerEntry): boolean =>
  a['cwd'] === undefined || b['cwd'] === undefined || a['cwd'] === b['cwd'];

/** The same, where ours may have a reference in place of what a client has literally. */
function isSameAsOurs(ours: unknown, theirs: ServerEntry): boolean {
  if (!isRecord(ours) || !isSamePlace(ours, theirs)) return false;
  return PARTS.every((part) => {
    const [own, other] = [ours[part] ?? null, theirs[part] ?? null];
    if (part === 'type' && own === null) return true;
    if (!isRecord(own) || !isRecord(other)) return isDeepStrictEqual(own, other);
    const names = Object.keys(own);
    return (
      isDeepStrictEqual(names.sort(), Object.keys(other).sort()) &&
      names.every((name) => own[name] === other[name] || String(own[name]).includes('${'))
    );
  });
}
