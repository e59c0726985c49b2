import { createHash } from 'node:crypto';
import type { UpstreamSpec } from '../upstream/spec.ts';
import type { Config, ServerConfig } from './config.ts';
import type { GenerationDiff } from './control-plane.ts';
import { toUpstreamSpec } from './server-spec.ts';

/** Keys of a server that only change how it is shown, or how the next one takes over: its process goes on. */
const SHOWN: ReadonlySet<string> = new Set([
  'tools',
  'tags',
  'description',
  'instructions',
  'rollover',
  'disabled',
  'dependsOn',
]);

/** Hash of all a server's process or connection depends on; secrets are in it, so it is never shown. */
export function digestOf(spec: UpstreamSpec): string {
  // The order of starts is of no matter to a server that runs.
  const { about: _, handler: __, dependsOn: ___, ...rest } = spec;
  return hashOf(rest);
}

/** Hash of a value's canonical JSON, in hex. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex');
}

/** How the second configuration differs from the first; `folder` is what relative paths are relative to. */
export function planChange(before: Config | undefined, after: Config, folder: string): GenerationDiff {
  const old = enabled(before);
  const next = enabled(after);
  const added: string[] = [];
  const changed: { server: string; keys: readonly string[] }[] = [];
  const adjusted: { server: string; keys: readonly string[] }[] = [];
  const unchanged: string[] = [];
  for (const [id, server] of next) {
    const was = old.get(id);
    if (was === undefined || before === undefined) {
      added.push(id);
      continue;
    }
    const digest = digestOf(toUpstreamSpec(id, was, before, folder));
    const isSame = digest === digestOf(toUpstreamSpec(id, server, after, folder));
    const differing = differingKeys(was, server);
    if (!isSame) {
      const keys = differing.filter((key) => !SHOWN.has(key));
      changed.push({ server: id, keys: keys.length > 0 ? keys : ['limits'] });
    } else if (differing.length > 0) adjusted.push({ server: id, keys: differing });
    else unchanged.push(id);
  }
  const settings = before === undefined ? [] : differingKeys(before, after).filter((key) => key !== 'mcpServers');
  // Lists are in the order of the servers, so another order is a difference, though of no server.
  const kept = (of: ReadonlyMap<string, unknown>): string =>
    [...of.keys()].filter((id) => old.has(id) && next.has(id)).join();
  if (before !== undefined && kept(old) !== kept(next)) settings.push('mcpServers');
  const removed = [...old.keys()].filter((id) => !next.has(id));
  return { added, removed, changed, adjusted, unchanged, settings };
}

/** Whether a difference is none. */
export function isEmptyDiff({ added, removed, changed, adjusted, settings }: GenerationDiff): boolean {
  return added.length + removed.length + changed.length + adjusted.length + settings.length === 0;
}

/** The difference in one line, `+ added − removed ~ changed`. */
export function describeDiff(diff: GenerationDiff): string {
  const parts = [
    ...diff.added.map((id) => `+${id}`),
    ...diff.removed.map((id) => `-${id}`),
    ...[...diff.changed, ...diff.adjusted].map(({ server, keys }) => `~${server} (${keys.join(', ')})`),
    ...diff.settings,
  ];
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

const enabled = (config: Config | undefined): ReadonlyMap<string, ServerConfig> =>
  new Map(Object.entries(config?.mcpServers ?? {}).filter(([, server]) => !server.disabled));

function differingKeys(a: object, b: object): string[] {
  const left = new Map(Object.entries(a));
  const right = new Map(Object.entries(b));
  return [...new Set([...left.keys(), ...right.keys()])].filter(
    (key) => canonical(left.get(key)) !== canonical(right.get(key)),
  );
}

/** JSON with the members of every object in order; a member that is undefined is as good as none. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}
