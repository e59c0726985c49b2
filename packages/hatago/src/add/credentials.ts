/** A value given on the command line that ought to be a secret. */
export interface ExposedValue {
  readonly place: 'header' | 'env';
  /** Name of the header or the variable. */
  readonly name: string;
  /** What comes before the secret part, such as `Bearer `. */
  readonly prefix: string;
  readonly value: string;
}

const HEADER = /^(?:proxy-)?authorization$|^cookie$|token|secret|api[-_]?key|^x-key$|password/i;
const VARIABLE = /(?:^|_)(?:TOKEN|KEY|SECRET|PASSWORD|PASSWD|PASS|PAT|CREDENTIALS?|API_?KEY)$/i;
/** A URL that carries a password. */
const URL_WITH_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i;

/** The headers and variables whose literal values look like credentials; a reference is none. */
export function exposedValues(
  headers: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | null>>,
): readonly ExposedValue[] {
  const found: ExposedValue[] = [];
  for (const [name, text] of Object.entries(headers)) {
    if (!HEADER.test(name) || isHarmless(text)) continue;
    const [prefix = ''] = /^(?:[A-Za-z][\w-]* +)(?=\S+$)/.exec(text) ?? [];
    found.push({ place: 'header', name, prefix, value: text.slice(prefix.length) });
  }
  for (const [name, value] of Object.entries(env)) {
    if (value === null || isHarmless(value)) continue;
    if (VARIABLE.test(name) || URL_WITH_PASSWORD.test(value)) found.push({ place: 'env', name, prefix: '', value });
  }
  return found;
}

/** The names of query parameters that look like credentials. */
export function exposedParameters(url: string): readonly string[] {
  const names = [...new URL(url).searchParams.keys()];
  return names.filter((name) => /token|key|secret|password|^sig$|^auth/i.test(name));
}

/** The name under which a credential of a server is kept. */
export function secretName(id: string, name: string): string {
  const plain = name.replace(/^authorization$/i, 'token').replace(/^x-/i, '');
  return `${id}_${plain}`
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_')
    .slice(0, 128);
}

const isHarmless = (text: string): boolean => text === '' || /\$\{[^}]+\}/.test(text);
