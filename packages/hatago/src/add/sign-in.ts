import { CliError, EXIT } from '../exit.ts';
import { tell } from '../output.ts';
import { askSecretText, askYesNo, canAsk } from '../prompt.ts';
import type { ExposedValue } from './credentials.ts';
import { exposedIn } from './draft.ts';
import type { ServerFlags } from './server-flags.ts';
import type { Candidate } from './try-out.ts';
import { freeSecretName } from './vault.ts';

/** An entry whose credentials are looked at. */
export interface Described {
  readonly id: string;
  readonly entry: Readonly<Record<string, unknown>>;
  /** The entry as it stands in the configuration; what is there already did not come from the command line. */
  readonly before?: Readonly<Record<string, unknown>>;
  /** The state directory, where secrets are kept. */
  readonly home: string;
}

/** Moves credentials that stood on the command line into the secrets, where the person agrees. */
export async function withoutExposed(described: Described, options: ServerFlags): Promise<Candidate> {
  const { id, entry, before = {} } = described;
  const known = new Set(exposedIn(before).map(({ place, name, value }) => `${place} ${name} ${value}`));
  const exposed = exposedIn(entry).filter(({ place, name, value }) => !known.has(`${place} ${name} ${value}`));
  if (exposed.length === 0) return { id, entry, secrets: new Map() };
  const names = exposed.map(({ name }) => name).join(', ');
  tell(`careful: ${names} stood on the command line, where the shell's history and other programs can see it.`);
  const isMoved =
    options.yes === true || !canAsk() || (await askYesNo('Keep it encrypted, instead of in the configuration?'));
  if (!isMoved) return { id, entry, secrets: new Map() };
  const candidate = withSecrets(described, exposed);
  tell(`It is kept as ${[...candidate.secrets.keys()].join(', ')}; see \`hatago secret list\`.`);
  return candidate;
}

function withSecrets({ id, entry, home }: Described, exposed: readonly ExposedValue[]): Candidate {
  const secrets = new Map<string, string>();
  const cleaned: Record<string, unknown> = structuredClone(entry);
  for (const { place, name, prefix, value } of exposed) {
    const secret = freeSecretName(home, id, name);
    secrets.set(secret, value);
    (cleaned[place === 'header' ? 'headers' : 'env'] as Record<string, string>)[name] = `${prefix}\${secret:${secret}}`;
  }
  return { id, entry: cleaned, secrets };
}

/** `--auth bearer` without the name of a secret: the token is asked for. */
export async function withBearer(candidate: Candidate, home: string, options: ServerFlags): Promise<Candidate> {
  if (options.auth !== 'bearer' || options.secret !== undefined) return candidate;
  if (!canAsk()) {
    throw new CliError(
      '--auth bearer needs --secret <name> where nobody can be asked for the token; `hatago secret set` keeps it',
      EXIT.usage,
    );
  }
  const token = await askSecretText(`Bearer token of ${candidate.id}, kept encrypted`);
  if (token === undefined) throw new CliError('nothing was changed', EXIT.denied);
  return signedIn(candidate, home, token);
}

/** A candidate that sends a bearer token, which is to be kept as a secret. */
export function signedIn({ id, entry, secrets }: Candidate, home: string, token: string): Candidate {
  const name = freeSecretName(home, id, 'token');
  const auth = { type: 'bearer', token: `\${secret:${name}}` };
  return { id, entry: { ...entry, auth }, secrets: new Map([...secrets, [name, token]]) };
}
