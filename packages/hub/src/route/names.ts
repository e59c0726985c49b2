import { createHash } from 'node:crypto';

/** How the names of several servers are made into one set of names. */
export interface Naming {
  /** Stands between server id and name. @default '_' */
  readonly separator: string;
  /** Longest public name, in characters; 24 to 128. @default 48 */
  readonly maxLength: number;
  /**
   * `prefix`: every name begins with its server's id. `none` and `alias`: a name stays as it is unless two servers share
   * it; those get the prefix. `error`: of names that two servers share none is offered.
   * @default 'prefix'
   */
  readonly strategy: 'prefix' | 'none' | 'alias' | 'error';
  /** Public names chosen by hand, by the name under `prefix`; they hold with every strategy. @default none */
  readonly aliases?: Readonly<Record<string, string>>;
}

/** The {@link Naming} used unless another is given. */
export const DEFAULT_NAMING: Naming = { separator: '_', maxLength: 48, strategy: 'prefix' };

const STRATEGIES: readonly string[] = ['prefix', 'none', 'alias', 'error'];

/** The naming itself when it can be used. @throws RangeError naming the option and its value */
export function checkNaming(naming: Naming): Naming {
  const { separator, maxLength, strategy } = naming;
  if (!/^[A-Za-z0-9_-]+$/.test(separator)) {
    throw new RangeError(`naming.separator must be of A-Z, a-z, 0-9, _ and -, not ${JSON.stringify(separator)}`);
  }
  if (!Number.isInteger(maxLength) || maxLength < 24 || maxLength > 128) {
    throw new RangeError(`naming.maxLength must be a whole number from 24 to 128, not ${maxLength}`);
  }
  if (!STRATEGIES.includes(strategy)) {
    throw new RangeError(`naming.strategy must be one of ${STRATEGIES.join(', ')}, not ${JSON.stringify(strategy)}`);
  }
  return naming;
}

/** The own names of one server, each at most once. */
export interface NamedServer {
  readonly id: string;
  readonly names: readonly string[];
}

const DIGITS = 'abcdefghijklmnopqrstuvwxyz234567';
const HASH_LENGTH = 8;

/** Letters and digits that stand for one name of one server wherever its plain form will not do. */
export function nameHash(serverId: string, name: string, length: number = HASH_LENGTH): string {
  const digest = createHash('sha256').update(serverId).update('\0').update(name).digest();
  let text = '';
  for (let i = 0; i < length; i++) text += DIGITS[(digest[i] as number) & 31];
  return text;
}

const sanitise = (text: string): string => text.replace(/[^A-Za-z0-9_-]/gu, '_');

const prefixOf = (serverId: string, naming: Naming): string => sanitise(`${serverId}${naming.separator}`);

/**
 * The public name of one name of one server, by these three alone: `{server}{separator}{name}`, every character outside
 * `[A-Za-z0-9_-]` replaced by `_`. It ends in a hash when it would be too long, or when `hashed` says so.
 */
export function publicName(serverId: string, name: string, naming: Naming, hashed: boolean | number = false): string {
  const plain = naming.strategy === 'prefix' ? prefixOf(serverId, naming) + sanitise(name) : sanitise(name);
  if (hashed === false && plain.length <= naming.maxLength) return plain;
  const hash = nameHash(serverId, name, typeof hashed === 'number' ? hashed : HASH_LENGTH);
  return `${plain.slice(0, naming.maxLength - hash.length - 1)}_${hash}`;
}

/** The public name with the server's prefix, whatever the strategy: what rules and aliases are written for. */
export function canonicalName(serverId: string, name: string, naming: Naming): string {
  return publicName(serverId, name, naming.strategy === 'prefix' ? naming : { ...naming, strategy: 'prefix' });
}

/** The public name that the configuration gives a name. */
export function aliasOf(serverId: string, name: string, naming: Naming): string | undefined {
  const { aliases } = naming;
  if (aliases === undefined || Object.keys(aliases).length === 0) return undefined;
  const canonical = canonicalName(serverId, name, naming);
  return Object.hasOwn(aliases, canonical) ? aliases[canonical] : undefined;
}

/** Every name by which the policy knows a name of a server, each once: the one it is configured to have comes first. */
export function knownNames(serverId: string, name: string, naming: Naming): string[] {
  const alias = aliasOf(serverId, name, naming);
  const names = [publicName(serverId, name, naming), canonicalName(serverId, name, naming)];
  return [...new Set(alias === undefined ? names : [alias, ...names])];
}

/**
 * Public names for the names of all servers of a route, in the same order.
 *
 * A public name is a function of the server id, the name and the configured server ids, never of which servers are up.
 * Two names can only meet in two ways, and both are settled without looking at another server's list: names of one
 * server that differ only in replaced characters (the altered ones get the hash), and servers of which one's prefix
 * begins with the other's, as `a` and `a_b` (a name of `a` that begins with `a_b_` gets the hash, whether or not `a_b`
 * has such a name). Without prefixes a name that two servers are known to have is prefixed in both, or undefined in both
 * with the strategy `error`. An alias goes before all of that, and a name that is somebody's alias gets the hash.
 */
export function assignNames(
  servers: readonly NamedServer[],
  configuredIds: readonly string[],
  naming: Naming,
): readonly (readonly (string | undefined)[])[] {
  const reserved = new Set(Object.values(naming.aliases ?? {}));
  const names = assignPlain(servers, configuredIds, naming);
  if (reserved.size === 0) return names;
  return servers.map(({ id, names: own }, s) =>
    own.map((name, i) => {
      const given = names[s]?.[i];
      const isTaken = given !== undefined && reserved.has(given);
      return aliasOf(id, name, naming) ?? (isTaken ? publicName(id, name, naming, true) : given);
    }),
  );
}

function assignPlain(
  servers: readonly NamedServer[],
  configuredIds: readonly string[],
  naming: Naming,
): readonly (readonly (string | undefined)[])[] {
  const prefixed: Naming = naming.strategy === 'prefix' ? naming : { ...naming, strategy: 'prefix' };
  const names = servers.map((server) => assignPrefixed(server, configuredIds, prefixed));
  if (naming.strategy === 'prefix') return names;
  const owners = countOwners(servers, naming);
  return servers.map((server, s) => {
    const own = inOwnList(server);
    return server.names.map((name, i) => {
      const plain = publicName(server.id, name, naming);
      const isShared = owners.get(plain) !== 1;
      // One that had to be cut has its hash already.
      if (!isShared && (plain !== own.plain[i] || !own.clashes(i))) return plain;
      return isShared && naming.strategy === 'error' ? undefined : names[s]?.[i];
    });
  });
}

/** How many servers have each name that is not an alias's. */
function countOwners(servers: readonly NamedServer[], naming: Naming): Map<string, number> {
  const owners = new Map<string, number>();
  for (const { id, names } of servers) {
    const unnamed = names.filter((name) => aliasOf(id, name, naming) === undefined);
    for (const plain of new Set(unnamed.map((name) => publicName(id, name, naming)))) {
      owners.set(plain, (owners.get(plain) ?? 0) + 1);
    }
  }
  return owners;
}

function assignPrefixed(server: NamedServer, configuredIds: readonly string[], naming: Naming): string[] {
  const prefix = prefixOf(server.id, naming);
  const exact = prefix === `${server.id}${naming.separator}`;
  const rivals = configuredIds
    .filter((id) => id !== server.id)
    .map((id) => prefixOf(id, naming))
    .filter((other) => other.startsWith(prefix) && (other !== prefix || !exact));
  const own = inOwnList(server);
  return server.names.map((name, i) => {
    const plain = prefix + own.plain[i];
    const hashed = own.clashes(i) || rivals.some((other) => plain.startsWith(other));
    return hashed || plain.length > naming.maxLength ? publicName(server.id, name, naming, hashed) : plain;
  });
}

/** The names of one server as they can be shown, and which of them was altered and so meets another one. */
function inOwnList({ names }: NamedServer): { readonly plain: readonly string[]; clashes(index: number): boolean } {
  const plain = names.map(sanitise);
  const counts = new Map<string, number>();
  for (const name of plain) counts.set(name, (counts.get(name) ?? 0) + 1);
  return { plain, clashes: (i) => plain[i] !== names[i] && (counts.get(plain[i] as string) ?? 0) > 1 };
}
