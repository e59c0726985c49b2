import { isRecord } from '@hatago/protocol';
import type { AdaptState } from './adapt.ts';
import { earlyPolicy } from './early-policy.ts';
import { earlyServer } from './early-server.ts';
import { freeId } from './safe-ids.ts';

/** Members that only the formats before version 1 of `hatago.config.json` had. */
const EARLY_KEYS = ['sessionSharing', 'concurrency', 'replication', 'registry', 'npxCache', 'security'];

/** Whether a document is in a format of the predecessor's first releases. */
export function isEarly(value: Record<string, unknown>): boolean {
  if (Array.isArray(value['servers']) || EARLY_KEYS.some((key) => key in value)) return true;
  const { mcpServers, timeouts, generation } = value;
  if (isRecord(timeouts) && ('spawnMs' in timeouts || 'toolCallMs' in timeouts)) return true;
  if (isRecord(generation) && ('autoReload' in generation || 'maxGenerations' in generation)) return true;
  return isRecord(mcpServers) && Object.values(mcpServers).some((s) => isRecord(s) && 'hatagoOptions' in s);
}

/** The first releases: `servers` as a list, options of a server under `hatagoOptions`, other names of many settings. */
export function fromEarly(value: Record<string, unknown>, state: AdaptState): Record<string, unknown> {
  const {
    version: _version,
    servers,
    mcpServers,
    timeouts,
    toolNaming,
    session,
    policy,
    generation,
    rollover,
    ...rest
  } = value;
  const common = isRecord(timeouts) ? timeouts : {};
  const list = Array.isArray(servers) ? fromList(servers, state) : {};
  const all = { ...(isRecord(mcpServers) ? mcpServers : {}), ...list };
  const adapted = Object.entries(all).map(([id, server]) => [
    id,
    isRecord(server) ? earlyServer(id, server, common, state) : server,
  ]);
  for (const key of Object.keys(common)) {
    if (!USED_TIMEOUTS.has(key)) state.warn(`"timeouts.${key}" has no meaning here and is ignored`);
  }
  return {
    ...rest,
    mcpServers: Object.fromEntries(adapted),
    ...section('toolNaming', naming(toolNaming, state)),
    ...section('session', chosen('session', session, { ttlSeconds: 'ttlSeconds' }, state)),
    ...section('policy', earlyPolicy(policy, state)),
    ...section('generation', chosen('generation', generation, GENERATION, state)),
    ...section('rollover', chosen('rollover', rollover, ROLLOVER, state)),
  };
}

const USED_TIMEOUTS = new Set(['spawnMs', 'connectMs', 'healthcheckMs', 'toolCallMs', 'requestMs', 'totalMs']);
const GENERATION = {
  autoReload: 'watch',
  watch: 'watch',
  gracePeriodMs: 'gracePeriodMs',
  maxGenerations: 'max',
  max: 'max',
};
const ROLLOVER = {
  drainTimeoutMs: 'drainTimeoutMs',
  errorRateThreshold: 'errorRateThreshold',
  errorRate: 'errorRateThreshold',
  warmupMs: 'warmupMs',
  warmupTimeMs: 'warmupMs',
};

const section = (name: string, value: unknown): Record<string, unknown> =>
  value === undefined ? {} : { [name]: value };

function fromList(servers: readonly unknown[], state: AdaptState): Record<string, unknown> {
  const taken = new Set<string>();
  const named = servers.map((server, i): [string, unknown] => {
    const given = isRecord(server) && typeof server['id'] === 'string' ? server['id'] : `server-${i + 1}`;
    const id = taken.has(given) ? freeId(given, taken) : given;
    if (id !== given) state.warn(`a second server ${JSON.stringify(given)} is called ${JSON.stringify(id)} here`);
    taken.add(id);
    state.cameFrom(id, ['servers', i]);
    if (!isRecord(server)) return [id, server];
    const { id: _id, ...rest } = server;
    return [id, rest];
  });
  return Object.fromEntries(named);
}

/** The members of an object that mean the same here, under the names they have here; the others are told. */
function chosen(
  where: string,
  value: unknown,
  names: Readonly<Record<string, string>>,
  { warn }: AdaptState,
): Record<string, unknown> | undefined {
  if (!isRecord(value)) return undefined;
  const kept = new Map<string, unknown>();
  for (const [name, member] of Object.entries(value)) {
    const ours = names[name];
    if (ours === undefined) warn(`"${where}.${name}" has no meaning here and is ignored`);
    else kept.set(ours, member);
  }
  return Object.fromEntries(kept);
}

/** The strategies that mean the same here. */
const KEPT: ReadonlySet<unknown> = new Set(['none', 'alias', 'error']);

function naming(value: unknown, { warn }: AdaptState): Record<string, unknown> | undefined {
  if (!isRecord(value)) return undefined;
  const { strategy, separator, format, aliases } = value;
  if (format !== undefined) warn('"toolNaming.format" has no meaning here and is ignored');
  if (isRecord(aliases) && Object.keys(aliases).length > 0) {
    warn(
      '"toolNaming.aliases" meant something else there and is left out: write it anew, by the names shown without it',
    );
  }
  return {
    ...(strategy === undefined ? {} : { strategy: KEPT.has(strategy) ? strategy : 'prefix' }),
    ...(separator === undefined ? {} : { separator }),
  };
}
