import { isRecord } from '@hatago/protocol';
import { secretName } from '../add/credentials.ts';
import type { ServerEntry } from './client.ts';

/** A secret that stood literally in a client's file. */
export interface LiteralSecret {
  /** What it is called in the secret store. */
  readonly name: string;
  readonly value: string;
  /** Where it stood, such as `env.GITHUB_TOKEN`. */
  readonly at: string;
}

const SECRET_NAME = /token|key|secret|passw|pwd|credential|authoriz|auth(?!or)|cookie|private|dsn|connection_?string/i;
/** Names that speak of a secret and do not hold it. */
const ABOUT = /(?:_|^)(?:file|path|dir|name|url|uri|host|endpoint|type|method|mode|tokens)$/i;
const HARMLESS = /^(?:|true|false|null|none|\d{1,4})$/i;
const URL_WITH_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i;
const SCHEME = /^(Bearer|Basic|Token|token|bearer)\s+(.+)$/s;

/** Puts `${secret:…}` in place of the secrets that stand literally in the environment and the headers of an entry. */
export function liftSecrets(id: string, entry: ServerEntry): { entry: ServerEntry; secrets: readonly LiteralSecret[] } {
  const secrets: LiteralSecret[] = [];
  const lift = (part: 'env' | 'headers'): Record<string, unknown> => {
    const values = entry[part];
    if (!isRecord(values)) return {};
    const lifted = Object.entries(values).map(([key, value]): [string, unknown] => {
      if (typeof value !== 'string' || value.includes('${') || !isSecret(key, value)) return [key, value];
      const [, scheme, rest] = part === 'headers' ? (SCHEME.exec(value) ?? []) : [];
      const name = freeName(secretName(id, key), rest ?? value, secrets);
      secrets.push({ name, value: rest ?? value, at: `${part}.${key}` });
      return [key, `${scheme === undefined ? '' : `${scheme} `}\${secret:${name}}`];
    });
    return { [part]: Object.fromEntries(lifted) };
  };
  return { entry: { ...entry, ...lift('env'), ...lift('headers') }, secrets };
}

function isSecret(name: string, value: string): boolean {
  if (URL_WITH_PASSWORD.test(value)) return true;
  return SECRET_NAME.test(name) && !ABOUT.test(name) && !HARMLESS.test(value);
}

/** Two names may come out the same; what they hold may not. */
function freeName(name: string, value: string, others: readonly LiteralSecret[]): string {
  let free = name;
  for (let n = 2; others.some((other) => other.name === free && other.value !== value); n++) free = `${name}_${n}`;
  return free;
}

/**
 * Puts `${secret:…}` in place of references to variables that are not set, for a configuration with such a reference is
 * refused as a whole, while a missing secret holds up its own server alone.
 */
export function liftUnset(
  id: string,
  entry: ServerEntry,
  env: Readonly<Record<string, string | undefined>>,
): ServerEntry {
  const lift = (value: unknown): unknown => {
    if (typeof value === 'string') {
      return value.replace(/\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, variable: string) =>
        env[variable] === undefined ? `\${secret:${secretName(id, variable)}}` : whole,
      );
    }
    if (Array.isArray(value)) return value.map(lift);
    if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, lift(part)]));
    return value;
  };
  return lift(entry) as ServerEntry;
}
