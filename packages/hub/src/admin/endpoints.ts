import type { Endpoint } from './endpoint.ts';
import { CONFIG_ENDPOINTS } from './endpoints-config.ts';
import { GENERATION_ENDPOINTS } from './endpoints-generations.ts';
import { HUB_ENDPOINTS } from './endpoints-hub.ts';
import { SERVER_ENDPOINTS } from './endpoints-servers.ts';
import { TOOL_ENDPOINTS } from './endpoints-tools.ts';

/** Every endpoint of the admin API but the stream of events and the document that describes them. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...HUB_ENDPOINTS,
  ...SERVER_ENDPOINTS,
  ...CONFIG_ENDPOINTS,
  ...GENERATION_ENDPOINTS,
  ...TOOL_ENDPOINTS,
];

/** An endpoint a path leads to, with what its placeholders stand for. */
export interface Found {
  readonly endpoint: Endpoint;
  readonly params: Readonly<Record<string, string>>;
}

/** The endpoint of a method and path, or the methods the path has; undefined where nothing is at the path. */
export function findEndpoint(
  endpoints: readonly Endpoint[],
  method: string,
  path: string,
): Found | { readonly allow: readonly string[] } | undefined {
  const segments = path.split('/');
  const allow: string[] = [];
  for (const endpoint of endpoints) {
    const params = matchPath(endpoint.path.split('/'), segments);
    if (params === undefined) continue;
    if (endpoint.method === method) return { endpoint, params };
    allow.push(endpoint.method);
  }
  return allow.length === 0 ? undefined : { allow };
}

function matchPath(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, part] of pattern.entries()) {
    const segment = segments[i] as string;
    if (!part.startsWith('{')) {
      if (part !== segment) return undefined;
      continue;
    }
    const value = decode(segment);
    if (value === undefined || value === '') return undefined;
    params[part.slice(1, -1)] = value;
  }
  return params;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
