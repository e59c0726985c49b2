import fc from 'fast-check';
import { parse as parseToml } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { entryAt, removeEntry, setEntry } from './change-entry.ts';
import { json } from './edit-json.ts';
import { toml } from './edit-toml.ts';
import { yaml } from './edit-yaml.ts';
import type { EntryPlace, TextFormat } from './file-format.ts';

const ENTRY = fc.record({
  command: fc.string({ minLength: 1 }),
  args: fc.array(fc.string(), { maxLength: 4 }),
  enabled: fc.boolean(),
  timeout: fc.nat(10_000),
  env: fc.dictionary(fc.stringMatching(/^[A-Z_]{1,8}$/), fc.string(), { maxKeys: 3 }),
});
const NAME = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,8}$/);
const EOL = fc.constantFrom('\n', '\r\n');
const RUNS = { numRuns: 150 };

/** Adds, replaces and removes an entry; everything else must say and look the same. */
function roundTrip(format: TextFormat, text: string, place: EntryPlace, entry: object, other: object): void {
  const added = setEntry(format, text, place, entry as Record<string, unknown>);
  if (!added.ok) throw new Error(`${added.error}\n${text}`);
  const replaced = setEntry(format, added.value, place, other as Record<string, unknown>);
  if (!replaced.ok) throw new Error(`${replaced.error}\n${added.value}`);
  const parsed = format.parse(replaced.value);
  expect(parsed.ok && entryAt(parsed.value, place)).toEqual(other);
  for (const full of [added.value, replaced.value]) {
    const removed = removeEntry(format, full, place);
    if (!removed.ok) throw new Error(`${removed.error}\n${full}`);
    expect(removed.value).toBe(text);
  }
}

const TOML_STRING = fc.oneof(
  fc.string().map((text) => JSON.stringify(text).replaceAll('\u007f', '\\u007f')),
  fc.stringMatching(/^[ -&(-~]*$/).map((text) => `'${text}'`),
  fc.constantFrom(
    '"""\n[mcp_servers.hatago]\ncommand = 1 # ""\n"""',
    "'''\n# [a]\n[[b]]'''",
    '"""a\\"""b"""',
    '""""x""""',
  ),
);
const TOML_VALUE = fc.oneof(
  TOML_STRING,
  fc.integer().map(String),
  fc.constantFrom(
    'true',
    '1.5e3',
    '1979-05-27T07:32:00Z',
    '{ a = 1, "b.c" = [1, 2] }',
    '[\n  "x", # ]\n  [1],\n]',
    '[]',
  ),
);
const TOML_NOISE = fc.constantFrom('', '# [mcp_servers.hatago]', '   ', '\t# "', "#'''");

/** A TOML document of random tables, with comments and blank lines anywhere between. */
const TOML_TEXT = fc
  .record({
    top: fc.uniqueArray(fc.tuple(NAME, TOML_VALUE, TOML_NOISE), { selector: ([name]) => name, maxLength: 3 }),
    tables: fc.uniqueArray(
      fc.record({
        name: NAME.filter((name) => name !== 'hatago'),
        server: fc.boolean(),
        quoted: fc.boolean(),
        pairs: fc.uniqueArray(fc.tuple(NAME, TOML_VALUE, TOML_NOISE), { selector: ([name]) => name, maxLength: 3 }),
        noise: fc.array(TOML_NOISE, { maxLength: 3 }),
      }),
      { selector: ({ name }) => name, maxLength: 4 },
    ),
    eol: EOL,
  })
  .map(({ top, tables, eol }) => {
    const pair = ([name, value, noise]: [string, string, string]): string[] => [`${name}_ = ${value}`, noise];
    const lines = tables.flatMap(({ name, server, quoted, pairs, noise }) => [
      ...noise,
      `[${server ? 'mcp_servers . ' : 'x_'}${quoted && server ? `"${name}.${name}"` : name}]  # table`,
      ...pairs.flatMap(pair),
    ]);
    return [...top.flatMap(pair), ...lines, ''].join('\n').replaceAll('\n', eol);
  })
  .filter((text) => {
    try {
      parseToml(text);
      return true;
    } catch {
      return false;
    }
  });

describe('an entry of a TOML file', () => {
  it('comes and goes without a trace, whatever is around it', { timeout: 30_000 }, () => {
    const place = { path: ['mcp_servers'], key: 'hatago' };
    fc.assert(
      fc.property(TOML_TEXT, ENTRY, ENTRY, (text, entry, other) => roundTrip(toml, text, place, entry, other)),
      RUNS,
    );
  });

  it('is replaced in its place, with other tables behind it', { timeout: 30_000 }, () => {
    const place = { path: ['mcp_servers'], key: 'hatago' };
    fc.assert(
      fc.property(TOML_TEXT, TOML_TEXT, ENTRY, ENTRY, EOL, (before, behind, entry, other, eol) => {
        const added = setEntry(toml, before.replaceAll('\r\n', '\n').replaceAll('\n', eol), place, entry);
        if (!added.ok) throw new Error(added.error);
        const rest = behind.replaceAll('\r\n', '\n').replaceAll('\n', eol);
        const whole = `${added.value}${eol}[end]${eol}a = 1${eol}${rest
          .split(eol)
          .filter((line) => /^\s*#/.test(line))
          .join(eol)}`;
        const replaced = setEntry(toml, whole, place, other);
        if (!replaced.ok) throw new Error(replaced.error);
        const start = added.value.lastIndexOf('[mcp_servers.hatago]');
        expect(replaced.value.startsWith(added.value.slice(0, start))).toBe(true);
        expect(replaced.value.endsWith(whole.slice(added.value.length))).toBe(true);
        const removed = removeEntry(toml, replaced.value, place);
        expect(removed.ok && removed.value).toBe(whole.slice(0, start) + whole.slice(added.value.length));
      }),
      RUNS,
    );
  });
});

const YAML_VALUE = fc.oneof(
  fc.integer().map(String),
  fc.constantFrom(
    'plain text',
    '"quoted: #"',
    "'it''s'",
    '|\n{}  hatago: no\n{}  # no comment\n',
    '>-\n{}  folded\n\n{}  text',
    '[a, b]',
    '{ a: 1 }',
    '\n{}  - one\n{}  - two # 2',
    '\n{}  deep:\n{}    er: 1',
    '',
  ),
);
const YAML_NOISE = fc.constantFrom([], ['# hatago: 1'], [''], ['', '  # odd'], ['# a', '', '# b']);

const YAML_TEXT = fc
  .record({
    top: fc.uniqueArray(fc.tuple(NAME, YAML_VALUE, YAML_NOISE), { selector: ([name]) => name, maxLength: 3 }),
    servers: fc.uniqueArray(
      fc.tuple(
        NAME.filter((n) => n !== 'hatago'),
        YAML_VALUE,
        YAML_NOISE,
      ),
      {
        selector: ([name]) => name,
        minLength: 1,
        maxLength: 4,
      },
    ),
    bottom: fc.uniqueArray(fc.tuple(NAME, YAML_VALUE, YAML_NOISE), { selector: ([name]) => name, maxLength: 3 }),
    indent: fc.constantFrom('  ', '    ', ' '),
    eol: EOL,
  })
  .map(({ top, servers, bottom, indent, eol }) => {
    const lines = (pairs: [string, string, readonly string[]][], prefix: string, at: string): string[] =>
      pairs.flatMap(([name, value, noise]) => [
        ...noise,
        `${at}${prefix}${name}: ${value.replaceAll('{}', at)}`.replace(/: (?=\n|$)/, ':'),
      ]);
    const all = [
      ...lines(top, 'a', ''),
      'extensions:  # servers',
      ...lines(servers, '', indent),
      ...lines(bottom, 'z', ''),
    ];
    return `${all.join('\n').trimEnd()}\n`.replaceAll('\n', eol);
  })
  .filter((text) => yaml.parse(text).ok);

describe('an entry of a YAML file', () => {
  it('comes and goes without a trace, whatever is around it', { timeout: 30_000 }, () => {
    const place = { path: ['extensions'], key: 'hatago' };
    fc.assert(
      fc.property(YAML_TEXT, ENTRY, ENTRY, (text, entry, other) => roundTrip(yaml, text, place, entry, other)),
      RUNS,
    );
  });
});

/** JSON written by hand: blanks and comments wherever they may be. */
const GAP = fc.constantFrom('', ' ', '\n', '\n  ', ' // hatago {\n ', '/* , */', '\n\n\t');
const JSON_TEXT = fc
  .record({
    members: fc.uniqueArray(
      fc.tuple(
        NAME.filter((n) => n !== 'hatago'),
        fc.jsonValue({ maxDepth: 2 }),
        GAP,
        GAP,
      ),
      {
        selector: ([name]) => name,
        minLength: 1,
        maxLength: 4,
      },
    ),
    outer: fc.tuple(GAP, GAP, GAP),
    comma: fc.boolean(),
    eol: EOL,
  })
  .map(({ members, outer: [a, b, c], comma, eol }) => {
    const inner = members.map(
      ([name, value, before, behind]) => `${before}${JSON.stringify(name)}:${behind}${JSON.stringify(value)}`,
    );
    return `{${a}"mcpServers"${b}: {${inner.join(',')}${comma ? ',' : ''}${c}},${a}"z": [1, "hatago"]${b}}`.replaceAll(
      '\n',
      eol,
    );
  });

describe('an entry of a JSON file', () => {
  it('comes and goes, and nothing else changes what it says', { timeout: 30_000 }, () => {
    const place = { path: ['mcpServers'], key: 'hatago' };
    fc.assert(
      fc.property(JSON_TEXT, ENTRY, (text, entry) => {
        const added = setEntry(json, text, place, entry);
        if (!added.ok) throw new Error(`${added.error}\n${text}`);
        const removed = removeEntry(json, added.value, place);
        if (!removed.ok) throw new Error(`${removed.error}\n${added.value}`);
        expect(removed.value).toBe(text);
      }),
      RUNS,
    );
  });
});
