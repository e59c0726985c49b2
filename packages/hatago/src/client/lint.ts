/** Something about a server's lists that will trouble its users. */
export interface Finding {
  readonly level: 'error' | 'warn';
  readonly item: string;
  readonly message: string;
}

type Item = Record<string, unknown>;

/** Checks names, descriptions and schemas of what a server lists. */
export function lint(lists: Readonly<Record<string, readonly Item[]>>): readonly Finding[] {
  return [...(lists['tools'] ?? []).flatMap(lintTool), ...duplicates(lists)];
}

const INVISIBLE = /[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]|\u{e0001}|[\u{e0020}-\u{e007f}]/u;

const TOOL_RULES: readonly (readonly [Finding['level'], (tool: Item) => boolean, string])[] = [
  ['error', (t) => !/^[A-Za-z0-9_.-]{1,128}$/.test(String(t['name'])), 'the name is not 1 to 128 of A-Z a-z 0-9 _ . -'],
  [
    'warn',
    (t) => String(t['name']).length > 48,
    'the name is longer than 48 characters and will be shortened behind a hub',
  ],
  ['warn', (t) => !t['description'], 'has no description, so a model cannot know when to use it'],
  ['warn', (t) => String(t['description'] ?? '').length > 4000, 'the description is longer than 4,000 characters'],
  ['warn', (t) => INVISIBLE.test(JSON.stringify(t)), 'holds invisible characters'],
  [
    'error',
    (t) => (t['inputSchema'] as Item | undefined)?.['type'] !== 'object',
    'the input schema is not of type "object"',
  ],
  ['error', (t) => missingRequired(t['inputSchema']), 'the input schema requires a property it does not have'],
  [
    'warn',
    (t) => /"\$ref":"https?:/.test(JSON.stringify(t)),
    'a schema refers to the network, which no client may follow',
  ],
];

function lintTool(tool: Item): Finding[] {
  return TOOL_RULES.filter(([, broken]) => broken(tool)).map(([level, , message]) => ({
    level,
    item: String(tool['name']),
    message,
  }));
}

function missingRequired(schema: unknown): boolean {
  const { properties, required } = (schema ?? {}) as { properties?: Item; required?: unknown };
  if (!Array.isArray(required) || properties === undefined) return false;
  return required.some((name) => !Object.hasOwn(properties, String(name)));
}

function duplicates(lists: Readonly<Record<string, readonly Item[]>>): Finding[] {
  return Object.values(lists).flatMap((items) => {
    const seen = new Set<unknown>();
    return items
      .map((item) => item['uri'] ?? item['uriTemplate'] ?? item['name'])
      .filter((key) => seen.has(key) || !seen.add(key))
      .map((key) => ({ level: 'error' as const, item: String(key), message: 'is listed more than once' }));
  });
}
