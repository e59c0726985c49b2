import { isDeepStrictEqual } from 'node:util';
import type { WrittenServer } from '@hatago/hub/control/written-servers.ts';

const PACKAGE = /^@modelcontextprotocol\/server-everything@[\d.]+$/;

/** The server that `hatago init` wrote to have something to show, where nothing else was added and nothing changed. */
export function exampleServer(servers: readonly WrittenServer[]): WrittenServer | undefined {
  const [only, ...others] = servers;
  if (only?.id !== 'everything' || others.length > 0) return undefined;
  const { command, args, ...rest } = only.entry;
  const [flag, name] = Array.isArray(args) && args.length === 2 ? args : [];
  const isExample = command === 'npx' && flag === '-y' && typeof name === 'string' && PACKAGE.test(name);
  return isExample && isDeepStrictEqual(rest, {}) ? only : undefined;
}
