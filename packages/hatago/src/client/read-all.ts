import type { Upstream } from '@hatago/hub/core/upstream.ts';
import { type RequestOptions, request } from './request.ts';

const MAX_PAGES = 64;

/** Reads every page of a list, up to 64. */
export async function readAll<T = Record<string, unknown>>(
  upstream: Upstream,
  method: string,
  key: string,
  options: RequestOptions = {},
): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: unknown;
  for (let page = 0; page < MAX_PAGES; page++) {
    const result = await request(upstream, method, cursor === undefined ? {} : { cursor }, options);
    items.push(...((result[key] as T[] | undefined) ?? []));
    cursor = result['nextCursor'];
    if (cursor === undefined) break;
  }
  return items;
}
