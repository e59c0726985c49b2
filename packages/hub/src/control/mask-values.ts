import { createHmac } from 'node:crypto';
import type { Config, ServerConfig } from './config.ts';

/**
 * The configuration with every value masked that may hold a secret: variables, headers, tokens, arguments, and what a URL
 * has besides its path. Masks are keyed hashes, so that a changed value shows as changed and no value can be found out.
 */
export function maskValues(config: Config, key: Uint8Array): Config {
  const mask = (value: string): string =>
    `masked:${createHmac('sha256', key).update('hatago mask').update(value).digest('hex').slice(0, 12)}`;
  const members = <T>(of: Readonly<Record<string, T>>): Record<string, T | string> =>
    Object.fromEntries(
      Object.entries(of).map(([name, value]) => [name, typeof value === 'string' ? mask(value) : value]),
    );
  const server = (one: ServerConfig): ServerConfig => ({
    ...one,
    args: one.args.map(mask),
    env: members(one.env) as ServerConfig['env'],
    headers: members(one.headers) as ServerConfig['headers'],
    ...(one.url === undefined ? {} : { url: maskUrl(one.url, mask) }),
    ...(one.auth?.token === undefined ? {} : { auth: { ...one.auth, token: mask(one.auth.token) } }),
  });
  const { admin } = config;
  return {
    ...config,
    mcpServers: Object.fromEntries(Object.entries(config.mcpServers).map(([id, one]) => [id, server(one)])),
    ...(admin?.token === undefined ? {} : { admin: { ...admin, token: mask(admin.token) } }),
  };
}

function maskUrl(url: string, mask: (value: string) => string): string {
  const { origin, pathname, search } = new URL(url);
  const place = origin === 'null' ? url.slice(0, url.indexOf(pathname)) : origin;
  return `${place}${pathname}${search === '' ? '' : `?${mask(search)}`}`;
}
