import { isRecord, LEGACY_VERSIONS, type Payload } from '@hatago/protocol';
import type { Outcome } from '../core/exchange.ts';
import { isRpcError } from './failures.ts';
import type { LinkFailure } from './link.ts';
import type { Peer, Reply } from './peer.ts';

/** What came of an `initialize`. */
export type Handshake =
  | { readonly ok: true; readonly version: string; readonly result: Payload }
  | { readonly ok: false; readonly outcome: Outcome; readonly failure?: LinkFailure; readonly status?: number };

/** All that the hub relays: what is declared to a legacy server that serves every caller over one connection. */
export const UNION_CAPABILITIES: Record<string, unknown> = {
  roots: {},
  sampling: { tools: {} },
  elicitation: { form: {}, url: {} },
};

/** A caller's modern capabilities as a legacy client declares them: only what the hub relays. */
export function declaredBy(capabilities: unknown): Record<string, unknown> {
  const declared: Record<string, unknown> = {};
  if (!isRecord(capabilities)) return declared;
  const { roots, sampling, elicitation } = capabilities;
  if (isRecord(roots)) declared.roots = {};
  if (isRecord(sampling)) declared.sampling = isRecord(sampling.tools) ? { tools: {} } : {};
  if (!isRecord(elicitation)) return declared;
  const url = isRecord(elicitation.url);
  const form = isRecord(elicitation.form) || !url;
  declared.elicitation = { ...(form ? { form: {} } : undefined), ...(url ? { url: {} } : undefined) };
  return declared;
}

/**
 * Initializes a legacy session: the newest revision first, and the newest that the server names when it refuses that.
 * @see MCP 2025-11-25 lifecycle
 */
export async function initialize(
  peer: Peer,
  options: { readonly hubInfo: string; readonly capabilities: Record<string, unknown>; readonly limitMs: number },
): Promise<Handshake> {
  const attempt = (version: string): Promise<Reply> =>
    peer.own(
      'initialize',
      `{"protocolVersion":"${version}","capabilities":${JSON.stringify(options.capabilities)},"clientInfo":${options.hubInfo}}`,
      options.limitMs,
    );
  peer.sessionId = undefined;
  let reply = await attempt(LEGACY_VERSIONS[0] as string);
  const other = versionNamed(reply.outcome);
  if (other !== undefined) reply = await attempt(other);
  const { outcome } = reply;
  if (outcome.kind !== 'complete') return { ok: false, ...reply };
  const version = outcome.result.text('protocolVersion');
  if (version === undefined || !LEGACY_VERSIONS.includes(version)) {
    const message = `the server answered with protocol version ${JSON.stringify(version ?? null).slice(0, 64)}`;
    return { ok: false, outcome, failure: { kind: 'protocol', message } };
  }
  peer.link?.setSession?.(peer.sessionId, version);
  peer.notify('notifications/initialized', ['{}']);
  return { ok: true, version, result: outcome.result };
}

/** The newest revision named in a refusal that is not the one asked for. */
function versionNamed(outcome: Outcome): string | undefined {
  if (outcome.kind !== 'error') return undefined;
  const error = outcome.error.value();
  const supported = isRpcError(error) && isRecord(error.data) ? error.data.supported : undefined;
  return Array.isArray(supported) ? LEGACY_VERSIONS.slice(1).find((version) => supported.includes(version)) : undefined;
}
