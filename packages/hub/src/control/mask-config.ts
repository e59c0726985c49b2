import { isRecord } from '@hatago/protocol';

/** Stands in place of what may be a secret. */
export const MASK = '••••••';

const SECRET_NAME = /token|key|secret|passw|pwd|credential|auth|cookie|session|private|dsn/i;
/** Members that are a credential wherever they stand. */
const CREDENTIAL = /^(?:token|password|passwd|secret|api_?key|(?:access|refresh)_?token|client_?secret|private_?key)$/i;
/** Texts that are credentials whatever they stand under. */
const SECRET_TEXT = /\b(?:gh[pousr]_|github_pat_|glpat-|sk-|sk_|xox[abprs]-|AKIA|AIza|eyJ)[\w-]{8,}[\w.-]*/g;
const REFERENCE = /\$\{[^{}]*\}/g;
const FLAG = /^--?[\w-]*(?:token|key|secret|passw|pwd|credential|auth)[\w-]*$/i;
/** Flags of an argument `NAME=value` or `Name: value` that is passed on. */
const PASSED_ON = /^(?:-e|-H|--env|--headers?)$/;
const SERVER_PARTS = new Set(['env', 'headers']);
const URLS = new Set(['url', 'httpUrl', 'serverUrl', 'uri']);

/** A document fit to be shown: what was written into it in place of a reference and may be a secret is hidden. */
export function maskConfig(value: unknown, path: readonly string[] = []): unknown {
  if (typeof value === 'string') return maskText(value, path);
  if (Array.isArray(value)) {
    return path.at(-1) === 'args' ? value.map(maskArgument) : value.map((item) => maskConfig(item, path));
  }
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, maskConfig(member, [...path, name])]));
}

function maskText(text: string, path: readonly string[]): string {
  const name = path.at(-1) ?? '';
  if (SERVER_PARTS.has(path.at(-2) ?? '') || CREDENTIAL.test(name)) return maskLiteral(text);
  return URLS.has(name) ? maskUrl(text) : text.replace(SECRET_TEXT, MASK);
}

/** References stay, for they tell nothing; a default in one does. */
function maskLiteral(text: string): string {
  if (text === '') return text;
  const references = text.match(REFERENCE) ?? [];
  if (references.length === 0) return MASK;
  const shown = references.map((reference) => reference.replace(/:-.*\}$/s, `:-${MASK}}`)).join('');
  const rest = text
    .replace(REFERENCE, '')
    .replace(/^(?:Bearer|Basic|Token)\s+/i, '')
    .trim();
  return rest === '' ? text.replace(REFERENCE, (whole) => whole.replace(/:-.*\}$/s, `:-${MASK}}`)) : `${MASK}${shown}`;
}

function maskUrl(url: string): string {
  // A reference may hold a question mark too.
  const at = url.replace(REFERENCE, (whole) => '_'.repeat(whole.length)).search(/[?#]/);
  const [head, rest] = at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at)];
  const shown = rest.replace(
    /([?&#])([^=&#]+=)?([^&#]*)/g,
    (_, mark: string, name = '', value: string) => `${mark}${name}${maskLiteral(value)}`,
  );
  return (head.replace(/\/\/[^/@\s]*@/, `//${MASK}@`) + shown).replace(SECRET_TEXT, MASK);
}

function maskArgument(arg: unknown, i: number, args: readonly unknown[]): unknown {
  if (typeof arg !== 'string') return maskConfig(arg);
  const before = i === 0 ? undefined : args[i - 1];
  const flagBefore = typeof before === 'string' ? before : '';
  if (FLAG.test(flagBefore) && !arg.startsWith('-')) return maskLiteral(arg);
  const [, flag = '', name = '', mark = '', value = ''] = /^(--[\w-]+=)?([\w-]+)(=|:\s*)(.*)$/s.exec(arg) ?? [];
  const passedOn = PASSED_ON.test(flag === '' ? flagBefore : flag.slice(0, -1));
  if (passedOn || (mark === '=' && SECRET_NAME.test(name))) return `${flag}${name}${mark}${maskLiteral(value)}`;
  return /^[\w.+-]+:\/\//.test(arg) ? maskUrl(arg) : arg.replace(SECRET_TEXT, MASK);
}
