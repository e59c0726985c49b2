/** What a server that wants its callers to sign in says of how. */
export interface Challenge {
  /** `Bearer`, `Basic` …; empty where it did not say. */
  readonly scheme: string;
  readonly scope: string | undefined;
  /** Where its protected resource metadata is. @see RFC 9728 section 5.1 */
  readonly metadata: string | undefined;
}

/** Reads a `WWW-Authenticate` header, the first challenge of it. @see RFC 9110 section 11.6.1 */
export function parseChallenge(header: string | undefined): Challenge {
  const [, scheme = '', rest = ''] = /^\s*([A-Za-z][\w-]*)\s*(.*)$/s.exec(header ?? '') ?? [];
  const of = (name: string): string | undefined => {
    const [, quoted, token] =
      new RegExp(`(?:^|[\\s,])${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]+))`, 'i').exec(rest) ?? [];
    return quoted?.replaceAll(/\\(.)/g, '$1') ?? token;
  };
  return { scheme, scope: of('scope'), metadata: of('resource_metadata') };
}
