import { isRecord } from '@hatago/protocol';

/** Stands in place of a value that may be a secret; sent back, it leaves the value as it is. */
export const MASK = '••••••';

/** Members of a server's definition whose values may be secrets. */
const GUARDED = ['env', 'headers'] as const;
/** A value that only refers to what is kept elsewhere, with nothing around it but the word for the kind of token. */
const REFERENCE = /^(?:(?:bearer|basic|token)\s+)?(?:\$\{[^}]*\})+$/i;

/** A server's definition without anything that may be a secret; references to secrets and variables stay readable. */
export function maskDefinition(definition: unknown): unknown {
  if (!isRecord(definition)) return definition;
  const masked: Record<string, unknown> = { ...definition };
  for (const member of GUARDED) if (isRecord(masked[member])) masked[member] = mapValues(masked[member], maskValue);
  if (isRecord(masked.auth)) masked.auth = { ...masked.auth, ...mapValues(pick(masked.auth, 'token'), maskValue) };
  if (typeof masked.url === 'string') masked.url = maskQuery(masked.url);
  return masked;
}

/** The definition with every masked value put back from the one it was made of. */
export function unmaskDefinition(definition: Record<string, unknown>, before: unknown): Record<string, unknown> {
  const old = isRecord(before) ? before : {};
  const whole: Record<string, unknown> = { ...definition };
  for (const member of [...GUARDED, 'auth']) {
    const values = whole[member];
    const known = old[member];
    if (!isRecord(values)) continue;
    whole[member] = mapValues(values, (value, name) => (value === MASK && isRecord(known) ? known[name] : value));
  }
  if (typeof old.url === 'string' && whole.url === maskQuery(old.url)) whole.url = old.url;
  return whole;
}

const pick = (object: Record<string, unknown>, name: string): Record<string, unknown> =>
  name in object ? { [name]: object[name] } : {};

function maskValue(value: unknown): unknown {
  return typeof value !== 'string' || value === '' || REFERENCE.test(value) ? value : MASK;
}

function maskQuery(url: string): string {
  const mark = url.indexOf('?');
  return mark === -1 || REFERENCE.test(url.slice(mark + 1)) ? url : `${url.slice(0, mark)}?${MASK}`;
}

function mapValues(
  object: Record<string, unknown>,
  change: (value: unknown, name: string) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value, name)]));
}
