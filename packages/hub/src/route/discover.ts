import { isRecord, META, MODERN_VERSION, Payload } from '@hatago/protocol';
import type { Member } from './settings.ts';
import { scannedPayload } from './splice.ts';

/** Options of {@link buildDiscover}. */
export interface DiscoverOptions {
  readonly members: readonly Member[];
  /** The route serves several servers: instructions get headings, and the hub has a resource of its own. */
  readonly aggregate: boolean;
  /** The hub's own `Implementation`, where the edge does not put it in: legacy ones read it here. */
  readonly hubInfo?: object;
  /** What each server's names begin with. */
  prefixOf(serverId: string): string;
  /** Longest text of one server on an aggregate, in characters. @default 2048 */
  readonly maxInstructions?: number;
}

/** What is assumed of a server nobody has reached yet: clients ask only for what was declared. */
const UNKNOWN: Record<string, unknown> = { tools: {}, prompts: {}, resources: {}, completions: {} };

/** What the servers can do together: last known for those that are down, everything usual for those never seen. */
export function jointCapabilities(members: readonly Member[], aggregate: boolean): Record<string, unknown> {
  let joint: Record<string, unknown> = {};
  for (const { upstream } of members) joint = join(joint, upstream.status.offers?.capabilities ?? UNKNOWN);
  if (aggregate) joint = join(joint, { resources: { subscribe: true } });
  // Whatever the servers do themselves, the hub tells of every change of its lists.
  for (const kind of ['tools', 'prompts', 'resources']) {
    if (isRecord(joint[kind])) joint[kind] = { ...joint[kind], listChanged: true };
  }
  return joint;
}

/** Both together: objects member by member, lists as unions, of all else what says yes or came first. */
function join(a: Record<string, unknown>, b: Record<string, unknown>): Record<string, unknown> {
  const joint = new Map(Object.entries(a));
  for (const [name, value] of Object.entries(b)) joint.set(name, joinValues(joint.get(name), value));
  return Object.fromEntries(joint);
}

function joinValues(a: unknown, b: unknown): unknown {
  if (a === undefined || a === false) return b;
  if (isRecord(a) && isRecord(b)) return join(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b.filter((value) => !a.includes(value))];
  return a;
}

/** The result of `server/discover` for a route, as bytes. */
export function buildDiscover(options: DiscoverOptions): Payload {
  const { members, aggregate, hubInfo } = options;
  const instructions = aggregate ? jointInstructions(options) : ownInstructions(members[0]);
  const result = {
    supportedVersions: [MODERN_VERSION],
    capabilities: jointCapabilities(members, aggregate),
    ...(instructions === undefined ? undefined : { instructions }),
    ttlMs: 0,
    cacheScope: 'private',
    ...(hubInfo === undefined ? undefined : { _meta: { [META.serverInfo]: hubInfo } }),
  };
  return scannedPayload(Payload.ofValue(result).bytes());
}

function ownInstructions(member: Member | undefined): string | undefined {
  const texts = [member?.instructions, member?.upstream.status.offers?.instructions].filter((text) => text);
  return texts.length === 0 ? undefined : texts.join('\n\n');
}

function jointInstructions(options: DiscoverOptions): string | undefined {
  const { members, prefixOf, maxInstructions = 2048 } = options;
  const sections: string[] = [];
  for (const member of members) {
    const text = ownInstructions(member);
    if (text === undefined) continue;
    const { id } = member.upstream;
    const prefix = prefixOf(id);
    const hint = prefix === '' ? '' : `\n\nThe names of this server begin with \`${prefix}\` here.`;
    sections.push(`## ${id}${hint}\n\n${cut(text, maxInstructions)}`);
  }
  return sections.length === 0 ? undefined : sections.join('\n\n');
}

function cut(text: string, max: number): string {
  const chars = [...text];
  return chars.length <= max ? text : `${chars.slice(0, max - 1).join('')}…`;
}
