import { createHash } from 'node:crypto';
import type { Upstream } from '../core/upstream.ts';
import type { UpstreamSpec } from './spec.ts';

/** Hash of what decides which server it is and what it offers. */
export function specDigest(spec: UpstreamSpec): string {
  const { kind, command, args, env, cwd, url, headers, protocol, workspace } = spec;
  const text = JSON.stringify([kind, command, args, sorted(env), cwd, url, sorted(headers), protocol, workspace]);
  return createHash('sha256').update(text).digest('base64url');
}

function sorted(record: Readonly<Record<string, string | null>> = {}): [string, string | null][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** What a person sees of it: no argument, query or header, for any of them may hold a secret. */
export function specAbout({ kind, about, url, command }: UpstreamSpec): Upstream['about'] {
  if (about !== undefined) return about;
  if (url === undefined) return { type: kind, command };
  const { origin, pathname } = new URL(url);
  return { type: kind, url: `${origin}${pathname}` };
}
