import { isRecord } from '@hatago/protocol';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]', '0.0.0.0']);
const PROGRAM = /(?:^|[\\/])hatago(?:\.(?:cjs|mjs|js|cmd|exe))?$|^hatago(?:@[\w.^~*-]+)?$/;
/** A file of this package that starts the hub. */
const INSIDE = /[\\/]hatago[\\/](?:.*[\\/])?[^\\/]+\.[cm]?[jt]s$/;
const COMMANDS = new Set(['serve', 'run']);

/** Whether a client's entry is the hub itself: a command that serves it, or its endpoint, bridged or not. */
export function isOwnEntry(entry: unknown, ports: readonly number[]): boolean {
  if (!isRecord(entry)) return false;
  const words = [entry['command'] ?? entry['cmd'], entry['args']]
    .flat()
    .filter((w): w is string => typeof w === 'string');
  const serves = (at: number): boolean => at >= 0 && words.slice(at + 1).some((word) => COMMANDS.has(word));
  if (serves(words.findIndex((word) => PROGRAM.test(word)))) return true;
  if (words.includes('--stdio') && serves(words.findIndex((word) => INSIDE.test(word)))) return true;
  const urls = [entry['url'], entry['httpUrl'], entry['serverUrl'], entry['uri'], ...words];
  return urls.some((url) => typeof url === 'string' && isOwnUrl(url, ports));
}

function isOwnUrl(text: string, ports: readonly number[]): boolean {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return false;
  const { hostname, port, pathname } = new URL(text);
  return LOOPBACK.has(hostname) && ports.includes(Number(port || 80)) && /^\/(?:mcp|sse)(?:\/|$)/.test(pathname);
}
