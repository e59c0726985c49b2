import { openEgress, parseEgressHeaders, parseEgressUrl } from './egress.ts';
import { type Link, type LinkDeps, LinkError, type LinkEvents } from './link.ts';
import { createStreamableLink } from './streamable.ts';

/** A server reached over HTTP. */
export interface HttpSpec {
  readonly url: string;
  /** Sent with every request; those the protocol sets itself are ignored. */
  readonly headers?: { readonly [name: string]: string };
}

/**
 * Opens a link that speaks Streamable HTTP with the server at a URL. Nothing is sent before the first message. Rejects
 * with a {@link LinkError} when the URL or a header is not acceptable.
 */
export async function openHttp(spec: HttpSpec, events: LinkEvents, deps: LinkDeps): Promise<Link> {
  const url = parseEgressUrl(spec.url);
  if (!url.ok) throw new LinkError({ kind: 'unsent', message: url.error });
  const headers = parseEgressHeaders(spec.headers ?? {});
  if (!headers.ok) throw new LinkError({ kind: 'unsent', message: headers.error });
  if (deps.signal.cancelled) throw new LinkError({ kind: 'unsent', message: deps.signal.reason ?? 'cancelled' });
  const carrier = await openEgress(url.value, headers.value);
  return createStreamableLink(carrier, events, deps);
}
