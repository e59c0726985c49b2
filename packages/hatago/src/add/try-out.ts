import { toUpstreamSpec } from '@hatago/hub/control/server-spec.ts';
import type { TrustedConfig } from '@hatago/hub/control/trust/load-trusted.ts';
import { CliError, EXIT } from '../exit.ts';
import { tell } from '../output.ts';
import { withProgress } from '../progress.ts';
import { askSecretText, canAsk } from '../prompt.ts';
import type { ConfigEdit, ConfigFile } from './config-file.ts';
import { editsBetween } from './entry-edits.ts';
import { type Probe, probeServer } from './probe.ts';
import { signedIn } from './sign-in.ts';
import { readerOver } from './vault.ts';

/** A server that is to be tried before it is written down. */
export interface Candidate {
  readonly id: string;
  readonly entry: Readonly<Record<string, unknown>>;
  /** Secrets it refers to that are not kept yet. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** How a candidate is tried. */
export interface TryOptions {
  readonly file: ConfigFile;
  readonly timeoutMs: number;
  /** Never asks for a token. */
  readonly noSignIn: boolean;
}

/** A candidate as it proved to be, and what it offers. */
export interface Tried extends Candidate {
  readonly probe: Probe;
}

/** The edits that write a candidate into its file; of a server that is there already only what differs. */
export function editsOf(file: ConfigFile, { id, entry }: Candidate): readonly ConfigEdit[] {
  const known = file.servers.find((server) => server.id === id);
  return known === undefined
    ? [{ path: file.placeOf(id), value: entry }]
    : editsBetween(known.path, known.entry, entry);
}

/** The configuration with a candidate in it; its secrets are read as if they were kept. */
export function previewOf(file: ConfigFile, candidate: Candidate): TrustedConfig {
  return file.preview(editsOf(file, candidate), { secrets: readerOver(file.home, candidate.secrets) });
}

/**
 * Connects to a candidate as the hub would. A server that speaks HTTP+SSE is written down as such, an address without a
 * path is tried with the usual one, and who is at a terminal is asked for the token that a server wants.
 */
export async function tryOut(candidate: Candidate, options: TryOptions): Promise<Tried> {
  let tried = await tryOnce(candidate, options);
  tried = (await atUsualPath(tried, options)) ?? tried;
  if (tried.probe.challenge !== undefined) tried = (await withToken(tried, options)) ?? tried;
  if (tried.probe.offers !== undefined && tried.probe.sse) tried = { ...tried, entry: { ...tried.entry, type: 'sse' } };
  return tried;
}

async function tryOnce(candidate: Candidate, { file, timeoutMs }: TryOptions): Promise<Tried> {
  const { config, missingSecrets } = previewOf(file, candidate);
  const [missing] = missingSecrets[candidate.id] ?? [];
  if (missing !== undefined) {
    throw new CliError(
      `the secret ${missing} is not set; set it with \`hatago secret set ${missing}\` first`,
      EXIT.usage,
    );
  }
  const server = config.mcpServers[candidate.id];
  if (server === undefined) throw new CliError(`${candidate.id} is not part of the configuration as it would be`);
  const { blocked: _, ...free } = server;
  const spec = toUpstreamSpec(candidate.id, free, config, process.cwd());
  const { dependsOn: __, ...alone } = spec;
  const label = server.command === undefined ? 'connecting' : `starting ${server.command}`;
  const probe = await withProgress(`${label} to try it`, () => probeServer(alone, { timeoutMs }));
  return { ...candidate, probe };
}

/** Many servers answer under /mcp, and people write down the host alone. */
async function atUsualPath({ probe, ...candidate }: Tried, options: TryOptions): Promise<Tried | undefined> {
  const { url } = candidate.entry as { url?: string };
  const isRefused = probe.offers === undefined && probe.challenge === undefined;
  if (url === undefined || !isRefused || new URL(url).pathname !== '/' || !/^https?:/i.test(url)) return undefined;
  const usual = new URL(url);
  usual.pathname = '/mcp';
  const again = await tryOnce({ ...candidate, entry: { ...candidate.entry, url: usual.href } }, options);
  if (again.probe.offers === undefined && again.probe.challenge === undefined) return undefined;
  tell(`nothing of MCP at ${url}, but at ${usual.origin}/mcp`);
  return again;
}

async function withToken(tried: Tried, options: TryOptions): Promise<Tried | undefined> {
  const { id, entry, probe } = tried;
  const hasToken = entry['auth'] !== undefined || 'Authorization' in ((entry['headers'] ?? {}) as object);
  if (options.noSignIn || hasToken || !canAsk()) return undefined;
  const scope = probe.challenge?.scope === undefined ? '' : ` (it asks for the scope ${probe.challenge.scope})`;
  tell(`${id} needs you to sign in${scope}. The hub cannot do that through a browser yet, but takes a bearer token.`);
  const token = await askSecretText('Token, kept encrypted (leave it empty to go on without)');
  if (token === undefined) return undefined;
  return tryOnce(signedIn(tried, options.file.home, token), options);
}
