import { clean } from '../output.ts';
import { secretName } from './credentials.ts';
import type { Probe } from './probe.ts';

/** Why a server cannot be used, and what mends it. */
export function whyBroken(id: string, { readiness, challenge, stderr }: Probe, isRemote: boolean): string {
  if (challenge !== undefined) {
    const token = secretName(id, 'token');
    const scope = challenge.scope === undefined ? '' : ` for the scope ${clean(challenge.scope)}`;
    return (
      `${id} needs you to sign in${challenge.scheme === '' ? '' : ` (${clean(challenge.scheme)}${scope})`}. ` +
      'The hub cannot do that through a browser yet, but sends a bearer token that is kept as a secret:\n' +
      `  hatago secret set ${token}\nThen run this again with --auth bearer --secret ${token}.`
    );
  }
  const said =
    stderr.length === 0 || isRemote
      ? ''
      : `\nIt said last:\n${stderr
          .slice(-8)
          .map((line) => `  ${clean(line)}`)
          .join('\n')}`;
  // What else mends a server is for one that is part of the configuration.
  const fix = readiness.state === 'needs a runtime' && readiness.fix !== undefined ? ` ${clean(readiness.fix)}` : '';
  return `${id} does not work: ${clean(readiness.message ?? 'it did not answer')}${fix}${said}`;
}
