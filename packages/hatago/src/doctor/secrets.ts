import { keySource } from '@hatago/hub/control/secrets/key-report.ts';
import { openVault } from '@hatago/hub/control/secrets/open-vault.ts';
import type { Check, Finding } from './check.ts';

/** Whether the secrets are there that servers refer to, and whether they open. */
export const checkSecrets: Check = ({ home, env, loaded, crypto }) => {
  const missing = Object.entries(loaded?.missingSecrets ?? {}).flatMap(([id, names]) =>
    names.map((name): Finding => {
      const message = `${id} needs the secret ${name}, which is not to be had`;
      return { subject: 'secrets', level: 'error', message, fix: `hatago secret set ${name}` };
    }),
  );
  const { secrets, words, problem } = keySource({ home, env });
  const state: Finding =
    problem === undefined
      ? {
          subject: 'secrets',
          level: 'ok',
          message: secrets === 0 ? words : `${count(secrets)}; their key is kept in ${words}`,
        }
      : { subject: 'secrets', level: 'error', message: problem, fix: fixOf(problem) };
  return [state, ...missing, ...(crypto && problem === undefined ? checkEach(home, env) : [])];
};

const count = (secrets: number): string => (secrets === 1 ? 'one secret' : `${secrets} secrets`);

function fixOf(problem: string): string {
  const [, command] = /`(hatago [^`]+)`/.exec(problem) ?? [];
  return command ?? 'put a good copy of the file back, or the key that it was written with';
}

/** Opens every secret, which shows that none was changed or exchanged. */
function checkEach(home: string, env: Readonly<Record<string, string | undefined>>): readonly Finding[] {
  const vault = openVault({ home, env });
  if (!vault.ok) return [{ subject: 'encryption', level: 'error', message: vault.error, fix: fixOf(vault.error) }];
  const names = [...(vault.value.document?.secrets.keys() ?? [])];
  const broken = names.flatMap((name) => {
    const value = vault.value.get(name);
    return value.ok ? [] : [{ name, error: value.error }];
  });
  if (broken.length === 0) {
    const message =
      names.length === 0 ? 'there is nothing to open' : `every secret opens (${names.length}, AES-256-GCM)`;
    return [{ subject: 'encryption', level: 'ok', message }];
  }
  return broken.map(({ name, error }) => ({
    subject: 'encryption',
    level: 'error',
    message: `${name} does not open: ${error}`,
    fix: `hatago secret set ${name}`,
  }));
}
