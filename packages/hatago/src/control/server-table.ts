import type { ServerView } from '@hatago/hub/control/control-plane.ts';
import { coloursFor } from '../colours.ts';
import { clean, formatTable } from '../output.ts';

const HEAD = ['SERVER', 'STATE', 'TYPE', 'TOOLS', 'TOKENS', 'RESOURCES', 'PROMPTS', ''];

/** The servers as a table, and below it what is the matter with each that cannot be used, and what mends it. */
export function formatServers(servers: readonly ServerView[]): string {
  if (servers.length === 0) return 'There are no servers yet; `hatago add` adds one.';
  const lines = [formatTable(HEAD, servers.map(toRow))];
  for (const { id, readiness } of servers) {
    const { state, message, fix } = readiness;
    if (message === undefined) continue;
    lines.push('', `${clean(id)} ${paint(state)}: ${clean(message)}`);
    if (fix !== undefined) lines.push(`  ${clean(fix)}`);
  }
  return lines.join('\n');
}

function toRow(server: ServerView): string[] {
  const { id, type, tools, tokens, resources, prompts, url, command, readiness } = server;
  const counts = [tools, tokens === 0 ? '-' : `~${tokens}`, resources, prompts].map(String);
  return [id, readiness.state, type, ...counts, clean(url ?? command ?? '')];
}

const FINE = new Set(['ready', 'lazy', 'starting', 'disabled']);

function paint(state: string): string {
  const pc = coloursFor(process.stdout);
  return FINE.has(state) ? pc.dim(state) : pc.yellow(state);
}
