/** Why a request is refused before anything else of it is read. */
export type GuardVerdict =
  | { readonly ok: true; readonly origin: string | undefined }
  | { readonly ok: false; readonly code: 'HATAGO_HOST_REJECTED' | 'HATAGO_ORIGIN_REJECTED'; readonly reason: string };

/** The check of `Host` and `Origin` that keeps pages of other sites away from a local hub. */
export interface Guard {
  /** Also accepts the address a listener was bound to and the origins that reach it. */
  allowBound(host: string, port: number): void;
  /** Judges the headers of one request or upgrade. */
  check(host: string | undefined, origin: string | undefined, hasCookie: boolean): GuardVerdict;
  /** Judges an origin alone. */
  allowsOrigin(origin: string): boolean;
}

/** What a guard accepts besides loopback. */
export interface GuardOptions {
  /** Names or `name:port` pairs a `Host` header may carry. */
  readonly allowedHosts?: readonly string[];
  /** Origins, exact in scheme, host and port. */
  readonly allowedOrigins?: readonly string[];
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const WILDCARDS = new Set(['0.0.0.0', '::', '[::]', '']);
/** A name or an IPv6 literal with an optional port; anything else is no host a browser would send. */
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/;
const ALLOWED = (origin: string | undefined): GuardVerdict => ({ ok: true, origin });
const NO_ORIGIN: GuardVerdict = ALLOWED(undefined);

/** An IPv6 literal as it stands in a URL; anything with one colon is a name and a port. */
const bracketed = (host: string): string => (/^[^[]*:.*:/.test(host) ? `[${host}]` : host);

/**
 * Makes a guard: `Host` must be a loopback name or a configured one, `Origin` may be absent (but not next to a cookie) and
 * must else be one of the configured or bound origins.
 * @throws TypeError naming the entry that is no host or no origin
 * @see MCP 2026-07-28 streamable HTTP, security warning
 */
export function createGuard(options: GuardOptions): Guard {
  const hosts = new Set(LOOPBACK);
  const origins = new Set<string>();
  for (const entry of options.allowedHosts ?? []) {
    const host = bracketed(entry.toLowerCase());
    if (!HOST.test(host)) throw new TypeError(`allowedHosts: "${entry}" is not a host name with an optional port`);
    hosts.add(host);
  }
  for (const entry of options.allowedOrigins ?? []) {
    if (!URL.canParse(entry) || new URL(entry).origin !== entry) {
      throw new TypeError(`allowedOrigins: "${entry}" is not an origin such as "https://app.example.com"`);
    }
    origins.add(entry);
  }
  let lastAllowed: string | undefined;
  const allowsHost = (sent: string): boolean => {
    // Nearly every request comes with the same one.
    if (sent === lastAllowed) return true;
    const host = sent.toLowerCase();
    const match = HOST.exec(host);
    if (!hosts.has(host) && (match === null || !hosts.has(match[1] as string))) return false;
    lastAllowed = sent;
    return true;
  };
  return {
    allowBound(host, port) {
      const own = bracketed(host.toLowerCase());
      if (!WILDCARDS.has(own)) hosts.add(own);
      for (const name of WILDCARDS.has(own) ? LOOPBACK : [...LOOPBACK, own]) {
        origins.add(new URL(`http://${name}:${port}`).origin);
      }
    },
    check(host, origin, hasCookie) {
      if (host === undefined || !allowsHost(host)) {
        return { ok: false, code: 'HATAGO_HOST_REJECTED', reason: host === undefined ? 'no Host' : 'Host not allowed' };
      }
      if (origin === undefined) {
        if (!hasCookie) return NO_ORIGIN;
        return { ok: false, code: 'HATAGO_ORIGIN_REJECTED', reason: 'a cookie without an Origin' };
      }
      if (origins.has(origin)) return ALLOWED(origin);
      return { ok: false, code: 'HATAGO_ORIGIN_REJECTED', reason: 'Origin not allowed' };
    },
    allowsOrigin: (origin) => origins.has(origin),
  };
}
