import { isRecord } from '@hatago/protocol';

const HIDDEN = '***';
const SECRET_NAME = /token|key|secret|passw|pwd|credential|auth|cookie|session|private|dsn/i;
/** Texts that are credentials whatever they stand under. */
const SECRET_TEXT = /\b(?:gh[pousr]_|github_pat_|glpat-|sk-|sk_|xox[abprs]-|AKIA|AIza|eyJ)[\w-]{8,}[\w.-]*/g;
const FLAG = /^--?[\w-]*(?:token|key|secret|passw|pwd|credential|auth)[\w-]*$/i;
const SERVER_PARTS = new Set(['env', 'headers']);

/** A document fit to be shown: what was written into it in place of a reference and may be a secret is hidden. */
export function maskConfig(value: unknown, path: readonly string[] = []): unknown {
  if (typeof value === 'string') return maskText(value, path);
  if (Array.isArray(value)) {
    return path.at(-1) === 'args' ? maskArgs(value, path) : value.map((item) => maskConfig(item, path));
  }
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, maskConfig(member, [...path, name])]));
}

function maskText(text: string, path: readonly string[]): string {
  const name = path.at(-1) ?? '';
  const inPart = SERVER_PARTS.has(path.at(-2) ?? '') && SECRET_NAME.test(name);
  if (inPart || name === 'token') return maskLiteral(text);
  return name === 'url' ? maskUrl(text) : text.replace(SECRET_TEXT, HIDDEN);
}

/** References stay, for they tell nothing; a default in one does. */
function maskLiteral(text: string): string {
  if (text === '') return text;
  const references = text.match(/\$\{[^{}]*\}/g) ?? [];
  if (references.length === 0) return HIDDEN;
  const shown = references.map((reference) => reference.replace(/:-.*\}$/s, `:-${HIDDEN}}`)).join('');
  const rest = text
    .replace(/\$\{[^{}]*\}/g, '')
    .replace(/^(?:Bearer|Basic|Token)\s+/i, '')
    .trim();
  return rest === ''
    ? text.replace(/\$\{[^{}]*\}/g, (whole) => whole.replace(/:-.*\}$/s, `:-${HIDDEN}}`))
    : `${HIDDEN}${shown}`;
}

function maskUrl(url: string): string {
  return url
    .replace(/([?&][^=&#]+=)([^&#]*)/g, (_whole, name: string, value: string) => name + maskLiteral(value))
    .replace(/\/\/[^/@\s]*@/, `//${HIDDEN}@`)
    .replace(SECRET_TEXT, HIDDEN);
}

function maskArgs(args: readonly unknown[], path: readonly string[]): unknown[] {
  return args.map((arg, i) => {
    if (typeof arg !== 'string') return arg;
    const [, flag, value] = /^(--?[\w-]+)=(.*)$/s.exec(arg) ?? [];
    if (flag !== undefined && FLAG.test(flag)) return `${flag}=${maskLiteral(value ?? '')}`;
    const before = args[i - 1];
    return typeof before === 'string' && FLAG.test(before) && !arg.startsWith('-')
      ? maskLiteral(arg)
      : maskConfig(arg, [...path, String(i)]);
  });
}
