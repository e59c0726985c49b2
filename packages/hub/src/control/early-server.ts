import { isRecord } from '@hatago/protocol';
import type { AdaptState } from './adapt.ts';

type Members = Record<string, unknown>;

/** One server of the predecessor's first releases; `common` are the timeouts for all. */
export function earlyServer(id: string, server: Members, common: Members, state: AdaptState): Members {
  const where = `server ${JSON.stringify(id)}: `;
  const ignore = (name: string): void =>
    state.warn(`${where}${JSON.stringify(name)} has no meaning here and is ignored`);
  const { hatagoOptions, ...own } = server;
  const all: Members = { ...own, ...(isRecord(hatagoOptions) ? hatagoOptions : {}) };
  const { type, transport, package: npm, version, start, auth, tools, timeout, timeouts, healthCheck, ...rest } = all;
  const { autoRestart, maxRestarts, restartDelayMs, concurrency, ...plain } = rest;
  if (concurrency !== undefined) ignore('concurrency');
  return {
    ...launch(plain, { type, transport, npm, version }),
    ...startOf(start, where, state),
    ...authOf(auth, where, state),
    ...toolsOf(tools, where, state),
    ...timeoutsOf(timeout, { ...common, ...(isRecord(timeouts) ? timeouts : {}) }),
    ...healthOf(healthCheck, common),
    ...restartOf(autoRestart, maxRestarts, restartDelayMs),
  };
}

function launch(plain: Members, { type, transport, npm, version }: Members): Members {
  if (npm !== undefined && typeof npm === 'string') {
    const spec = typeof version === 'string' && version !== '' ? `${npm}@${version}` : npm;
    const args = Array.isArray(plain['args']) ? plain['args'] : [];
    return { ...plain, command: 'npx', args: ['-y', spec, ...args] };
  }
  const places = ['local', 'npx', 'remote'];
  const kind = [transport, type].find((name) => typeof name === 'string' && !places.includes(name));
  if (plain['url'] === undefined || kind === undefined) return plain;
  return { ...plain, type: kind === 'streamable' ? 'http' : kind };
}

function startOf(start: unknown, where: string, { warn }: AdaptState): Members {
  if (start === undefined) return {};
  if (start === 'eager' || start === 'lazy') return { start };
  warn(`${where}"start": ${JSON.stringify(start)} is "lazy" here`);
  return { start: 'lazy' };
}

function authOf(auth: unknown, where: string, { warn }: AdaptState): Members {
  if (!isRecord(auth) || auth['type'] === 'none') return {};
  const { type, token } = auth;
  if (type === 'bearer' && token !== undefined) return { auth: { type, token } };
  warn(`${where}"auth" of type ${JSON.stringify(type)} is not supported; it must send its credentials in "headers"`);
  return {};
}

function toolsOf(tools: unknown, where: string, { warn }: AdaptState): Members {
  if (!isRecord(tools)) return {};
  const { include, exclude, overrides, prefix, aliases } = tools;
  if (prefix !== undefined) warn(`${where}"tools.prefix" has no meaning here and is ignored`);
  const renamed = isRecord(aliases)
    ? Object.fromEntries(Object.entries(aliases).map(([own, name]) => [own, { name }]))
    : {};
  const merged = { ...renamed, ...(isRecord(overrides) ? overrides : {}) };
  return {
    tools: {
      ...(include === undefined ? {} : { include }),
      ...(exclude === undefined ? {} : { exclude }),
      ...(Object.keys(merged).length === 0 ? {} : { overrides: merged }),
    },
  };
}

function timeoutsOf(timeout: unknown, all: Members): Members {
  const connectMs = all['connectMs'] ?? all['spawnMs'];
  const requestMs = timeout ?? all['requestMs'] ?? all['toolCallMs'];
  const { totalMs } = all;
  const given = Object.entries({ connectMs, requestMs, totalMs }).filter(([, value]) => value !== undefined);
  return given.length === 0 ? {} : { timeouts: Object.fromEntries(given) };
}

function healthOf(check: unknown, common: Members): Members {
  if (check === false || (isRecord(check) && check['enabled'] === false)) return { health: { intervalMs: 0 } };
  const own: Members = isRecord(check) ? check : {};
  const intervalMs = own['intervalMs'] ?? own['interval'];
  const timeoutMs = own['timeoutMs'] ?? own['timeout'] ?? common['healthcheckMs'];
  const failures = own['failures'] ?? own['maxFailures'] ?? own['failureThreshold'];
  const given = Object.entries({ intervalMs, timeoutMs, failures }).filter(([, value]) => value !== undefined);
  return given.length === 0 ? {} : { health: Object.fromEntries(given) };
}

function restartOf(auto: unknown, max: unknown, delayMs: unknown): Members {
  const given = {
    ...(auto === false ? { max: 0 } : max === undefined ? {} : { max }),
    ...(delayMs === undefined ? {} : { delayMs }),
  };
  return Object.keys(given).length === 0 ? {} : { restart: given };
}
