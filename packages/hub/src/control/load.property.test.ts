import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { editDocument } from './edit-document.ts';
import { loadConfig } from './load.ts';
import { migrateText } from './migrate.ts';

const folder = mkdtempSync(join(tmpdir(), 'hatago-any-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const texts = fc.constantFrom(
  '',
  'x',
  '${A}',
  '${secret:B}',
  '${path:./c}',
  '${A:?d\ne}',
  'https://x/y',
  '*',
  'a.b',
  '\u0007',
  '1',
  'npx',
);
const scalar = fc.oneof(texts, fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e9));
const any = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(texts, tie('any'), { maxKeys: 3 }),
  ),
})).any;
/** Something under each of these names, half of the time what belongs there. */
const about = (members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 9, arbitrary: fc.record(members, { requiredKeys: [] }) }, { weight: 1, arbitrary: any });
const tools = about({ include: any, exclude: any, overrides: any, aliases: any, prefix: any });
const timeouts = about({ connectMs: any, requestMs: any, keepAliveMs: any, totalMs: any });
const server = about({
  id: texts,
  type: fc.constantFrom('stdio', 'http', 'sse', 'local', 'npx', 'remote', 5),
  command: any,
  args: fc.oneof(fc.array(texts), any),
  env: fc.oneof(fc.dictionary(texts, scalar), any),
  url: any,
  headers: any,
  auth: about({ type: fc.constantFrom('bearer', 'none', 'oauth'), token: any }),
  package: any,
  version: any,
  transport: any,
  tools,
  timeouts,
  hatagoOptions: about({ start: any, tools, timeout: any, healthCheck: any, auth: any }),
  instructions: fc.oneof(texts, about({ file: texts })),
  dependsOn: any,
  secrets: any,
  httpUrl: any,
  start: any,
  disabled: any,
});
const servers = fc.oneof(fc.dictionary(texts, server, { maxKeys: 3 }), fc.array(server, { maxLength: 3 }), any);
const document = about({
  version: fc.constantFrom(1, 2, '1.0.0', 3, null),
  mcpServers: servers,
  servers,
  extends: any,
  logLevel: any,
  http: any,
  timeouts,
  toolNaming: about({ strategy: any, separator: any, aliases: any }),
  policy: about({ rules: any, enabled: any, defaultEffect: any }),
  generation: any,
  rollover: any,
  session: any,
  inputs: any,
  security: any,
  admin: any,
  notifications: any,
});
const names = fc.constantFrom('hatago.config.json', '.mcp.json', 'config.yaml', 'mcp.json', 'cli-registry.json');

describe('whatever stands in a configuration', { timeout: 30_000 }, () => {
  it('it loads, or each fault is one line with its place', () => {
    fc.assert(
      fc.property(document, names, (value, name) => {
        const file = join(folder, name);
        writeFileSync(file, JSON.stringify(value));
        const loaded = loadConfig(file, { A: 'a' }, { cwd: folder });
        const lines = loaded.ok ? loaded.value.warnings : loaded.error;
        for (const line of lines) expect(line).not.toMatch(/\n/);
        if (!loaded.ok) {
          expect(lines.length).toBeGreaterThan(0);
          for (const line of lines) expect(line).toContain(folder);
        }
        expect(({} as { x?: unknown }).x).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });

  it('it is migrated to something of ours, or refused', () => {
    fc.assert(
      fc.property(document, fc.constantFrom('hatago.config.json', 'config.yaml'), (value, name) => {
        const migrated = migrateText(JSON.stringify(value), join(folder, name));
        if (!migrated.ok) {
          expect(migrated.error.length).toBeGreaterThan(0);
          return;
        }
        expect(migrateText(migrated.value.after, join(folder, name))).toMatchObject({
          ok: true,
          value: { warnings: [] },
        });
      }),
      { numRuns: 80 },
    );
  });

  it('it can be edited as YAML', () => {
    fc.assert(
      fc.property(
        fc.dictionary(texts, any),
        fc.array(texts, { minLength: 1, maxLength: 3 }),
        any,
        (value, path, to) => {
          const edited = editDocument(JSON.stringify(value), [{ path, value: to }], 'yaml');
          if (!edited.ok) {
            expect(edited.error).not.toBe('');
            return;
          }
          expect(editDocument(edited.value, [{ path, value: to }], 'yaml').ok).toBe(true);
        },
      ),
      { numRuns: 80 },
    );
  });
});
