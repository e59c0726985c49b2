import type { ServerConfig } from '@hatago/hub/control/config.ts';
import type { ServerView } from '@hatago/hub/control/control-plane.ts';
import { toReadiness } from '@hatago/hub/control/readiness.ts';
import { toUpstreamSpec } from '@hatago/hub/control/server-spec.ts';
import { probeServer } from '../add/probe.ts';
import { clean } from '../output.ts';
import type { Check, Examined, Finding } from './check.ts';

/** How long one server may take to start, in milliseconds. */
const PROBE_MS = 60_000;
const AT_A_TIME = 4;

/** Whether each server can be used: as the running hub sees it, else by connecting to it once. */
export const checkServers: Check = async ({ hub, loaded, mayStart }) => {
  if (hub !== undefined) {
    const { servers } = await hub.get<{ servers: readonly ServerView[] }>('/servers');
    return servers.map(({ id, readiness, tools }) => toFinding(id, readiness, tools));
  }
  if (loaded === undefined) return [];
  const waiting = Object.entries(loaded.config.mcpServers);
  const findings = new Map<string, Finding>();
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [id, server] = next;
      findings.set(id, await examine(id, server, loaded, mayStart));
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return Object.keys(loaded.config.mcpServers).flatMap((id) => findings.get(id) ?? []);
};

async function examine(
  id: string,
  server: ServerConfig,
  loaded: NonNullable<Examined['loaded']>,
  mayStart: boolean,
): Promise<Finding> {
  if (server.disabled || server.blocked !== undefined) {
    return toFinding(
      id,
      toReadiness({ id, server, status: undefined, supervision: undefined, listError: undefined }),
      0,
    );
  }
  if (!mayStart) return { subject: `server ${id}`, level: 'ok', message: 'not started' };
  const { dependsOn: _, ...spec } = toUpstreamSpec(id, server, loaded.config, process.cwd());
  const { readiness, tools, stderr } = await probeServer(spec, { timeoutMs: PROBE_MS });
  const finding = toFinding(id, readiness, tools);
  const said = stderr.at(-1);
  return finding.level === 'error' && said !== undefined && finding.cause === undefined
    ? { ...finding, cause: `it said last: ${clean(said)}` }
    : finding;
}

const FINE = new Set(['ready', 'lazy', 'disabled']);

/** What the readiness of a server means for somebody who wants all of them to work. */
export function toFinding(
  id: string,
  readiness: { readonly state: string; readonly message?: string | undefined; readonly fix?: string | undefined },
  tools: number,
): Finding {
  const { state, message, fix } = readiness;
  const subject = `server ${id}`;
  const about = message === undefined ? {} : { cause: clean(message) };
  const mended = fix === undefined ? {} : { fix };
  if (FINE.has(state) && (message === undefined || state === 'disabled')) {
    return {
      subject,
      level: 'ok',
      message: state === 'ready' ? `ready, ${tools} tool${tools === 1 ? '' : 's'}` : state,
    };
  }
  const level = state === 'starting' || FINE.has(state) ? 'warning' : 'error';
  return { subject, level, message: state, ...about, ...mended };
}
