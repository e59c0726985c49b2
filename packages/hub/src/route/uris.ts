/** Whether the hub may change a URI: clients may fetch `https:` and `http:` ones by themselves, so those stay. */
export function isRewritable(uri: string): boolean {
  return !/^https?:/i.test(uri);
}

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;

const slug = (serverId: string): string => serverId.replace(/[^A-Za-z0-9-]/g, '-');

/**
 * The URI (or URI template) with the server's id put behind its scheme: `ui://app/x` of `a` becomes `ui://a.app/x`,
 * `file:///x` becomes `file://a/x`, `urn:x` becomes `urn:a:x`. The scheme is never changed.
 */
export function mangleUri(serverId: string, uri: string): string {
  const scheme = SCHEME.exec(uri)?.[0] ?? '';
  const rest = uri.slice(scheme.length);
  const id = slug(serverId);
  if (!rest.startsWith('//')) return `${scheme}${id}:${rest}`;
  const authority = rest.slice(2);
  return `${scheme}//${id}${authority === '' || authority.startsWith('/') ? '' : '.'}${authority}`;
}

/** The URI that {@link mangleUri} made this one of; undefined when it was made of none. */
export function unmangleUri(serverId: string, uri: string): string | undefined {
  const scheme = SCHEME.exec(uri)?.[0] ?? '';
  const rest = uri.slice(scheme.length);
  const id = slug(serverId);
  if (!rest.startsWith('//')) {
    // Without a scheme of its own the id took the place of one.
    if (scheme === `${id}:`) return rest;
    return rest.startsWith(`${id}:`) ? `${scheme}${rest.slice(id.length + 1)}` : undefined;
  }
  const authority = rest.slice(2);
  if (!authority.startsWith(id)) return undefined;
  const after = authority.slice(id.length);
  if (after.startsWith('.')) return `${scheme}//${after.slice(1)}`;
  return after === '' || after.startsWith('/') ? `${scheme}//${after}` : undefined;
}
