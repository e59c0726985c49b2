import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LoadedConfig, loadConfig } from './load.ts';
import { type Migration, migrateText } from './migrate.ts';

const fixtures = fileURLToPath(new URL('../../../../test/fixtures/configs/', import.meta.url));
const env = { LOG_LEVEL: 'warn', API_TOKEN: 't' };
let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'hatago-migrate-')));
  writeFileSync(join(folder, 'files.md'), 'Read first.');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const fixture = (name: string): string => readFileSync(join(fixtures, name), 'utf8');

function migrated(text: string, file: string): Migration {
  const migration = migrateText(text, file);
  if (!migration.ok) throw new Error(migration.error.join('\n'));
  return migration.value;
}

function load(text: string): LoadedConfig {
  const file = join(folder, 'hatago.config.jsonc');
  writeFileSync(file, text);
  const loaded = loadConfig(file, env, { cwd: folder });
  if (!loaded.ok) throw new Error(loaded.error.join('\n'));
  return loaded.value;
}

/** The comments of a text, as they stand. */
const commentsOf = (text: string): string[] => text.match(/(?<!:)\/\/.*|\/\*[\s\S]*?\*\//g) ?? [];

describe('migrating', () => {
  it.each([
    ['version-1.json', 'predecessor'],
    ['fork.json', 'predecessor'],
    ['early-list.jsonc', 'early'],
    ['early-options.jsonc', 'early'],
    ['early-profile.jsonc', 'early'],
  ])('%s means the same as before, in our format and with every comment', (name, format) => {
    const text = fixture(name);
    const { after, ...rest } = migrated(text, join(folder, 'hatago.config.jsonc'));
    expect(rest.format).toBe(format);
    const now = load(after);
    expect(now.warnings).toEqual([]);
    expect(now.config).toEqual(load(text).config);
    for (const comment of commentsOf(text)) expect(after).toContain(comment);
    expect(migrated(after, 'hatago.config.jsonc')).toEqual({ format: 'hatago', after, warnings: [] });
  });

  it('names what it leaves out', () => {
    expect(migrated(fixture('version-1.json'), 'hatago.config.json').warnings).toContain(
      '"notifications" had no effect in version 1 and has none here',
    );
  });

  it('leaves entries of a list where they were, each under its id', () => {
    const text =
      '{\n  "servers": [\n    // one\n    { "id": "a", "command": "x" }, // last of a\n    { "id": "b c", "command": "y" }\n  ]\n}\n';
    expect(migrated(text, 'config.jsonc').after).toBe(
      '{\n  "mcpServers": {\n    // one\n    "a": { "command": "x" }, // last of a\n    "b-c": { "command": "y" }\n  },\n  "version": 2\n}\n',
    );
  });

  it('keeps the comments of what it takes away above what is left', () => {
    const text =
      '{\n  "mcpServers": {\n    "a": {\n      "command": "x",\n      "hatagoOptions": {\n        // rarely used\n        "start": "lazy"\n      }\n    }\n  }\n}\n';
    expect(migrated(text, 'config.jsonc').after).toBe(
      '{\n  "mcpServers": {\n    // rarely used\n    "a": {\n      "command": "x",\n      "start": "lazy"\n    }\n  },\n  "version": 2\n}\n',
    );
  });

  it('calls a server by its new id where it stands, with the comments in it', () => {
    const server =
      ' { // INNER1\n      // INNER2\n      "command": "x", // TRAIL\n      /* BLOCK */\n      "args": ["a"]\n    }, // END\n';
    const text = (id: string, version: number): string =>
      `{\n  // TOP\n  "version": ${version},\n  "mcpServers": {\n    // ABOVE\n    "${id}":${server}    "b": { "command": "y" }\n  }\n}\n`;
    expect(migrated(text('my.server', 1), 'hatago.config.jsonc').after).toBe(text('my_server', 2));
  });

  it('keeps the order of the comments of what it takes away', () => {
    const text =
      '{\n  "version": 1,\n  "notifications": {\n    // one\n    "a": 1, // two\n    // three\n    "b": 2\n  },\n  "mcpServers": {}\n}\n';
    const { after } = migrated(text, 'hatago.config.jsonc');
    expect(commentsOf(after)).toEqual(['// one', '// two', '// three']);
  });

  it('points to the schema of our format where the text had one', () => {
    const text = '{ "$schema": "old.json", "version": 1, "mcpServers": {} }';
    const linked = migrateText(text, 'hatago.config.json', { schema: './.hatago/schema.json' });
    expect(linked.ok && linked.value.after).toBe(
      '{ "$schema": "./.hatago/schema.json", "version": 2, "mcpServers": {} }',
    );
    expect(migrated(text, 'hatago.config.json').after).toBe('{ "version": 2, "mcpServers": {} }');
  });

  it('only adds the version to a file that is ours already but does not say so', () => {
    expect(
      migrated('{ "mcpServers": { "a": { "command": "x", "autoApprove": [] } } }', 'hatago.config.json').after,
    ).toBe('{ "mcpServers": { "a": { "command": "x", "autoApprove": [] } }, "version": 2 }');
  });

  it('migrates YAML', () => {
    const text = '# mine\nversion: 1\ntimeouts:\n  requestMs: 5\nmcpServers:\n  a: # one\n    command: x\n';
    expect(migrated(text, 'hatago.config.yaml').after).toBe(
      '# mine\nversion: 2\nmcpServers:\n  a: # one\n    command: x\n    timeouts:\n      requestMs: 5\n',
    );
  });

  it.each([
    ['{broken', 'config.json', /^config\.json:1:2: /],
    ['[]', 'config.json', /^config\.json:1:1: expected object/],
    ['{"mcpServers":{}}', '.mcp.json', /belongs to a client and stays as it is; `hatago init --from \.mcp\.json`/],
  ])('refuses %s in %s', (text, file, message) => {
    const migration = migrateText(text, file);
    expect(migration.ok ? '' : migration.error[0]).toMatch(message);
  });
});
