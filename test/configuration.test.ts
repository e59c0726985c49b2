import { readFileSync } from 'node:fs';
import { configJsonSchema, configKeys, configShape } from '@hatago/hub/control/json-schema.ts';
import { describe, expect, it } from 'vitest';
import { fillIn, type KeySchema, keyTable } from './house/config-tables.ts';

const page = '../docs/configuration.md';
const keys = configKeys() as KeySchema;
const server = keys.properties?.['mcpServers']?.additionalProperties as KeySchema;

/** The page as it stands, its tables made anew. */
function configurationPage(): string {
  const text = readFileSync(new URL(page, import.meta.url), 'utf8');
  const tables = {
    'keys of a configuration': keyTable(keys, ['limits']),
    'keys of a server': keyTable(server),
    'keys of limits': keyTable(keys.properties?.['limits'] as KeySchema),
  };
  return Object.entries(tables).reduce((filled, [name, table]) => fillIn(filled, name, table), text);
}

function describedKeys(schema: KeySchema, path = ''): { path: string; description: string | undefined }[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => [
    { path: `${path}${name}`, description: member.description },
    ...describedKeys(member, `${path}${name}.`),
  ]);
}

describe('the configuration', () => {
  it('stands in docs/configuration.md, key by key', async () => {
    await expect(configurationPage()).toMatchFileSnapshot(page);
  });

  it('is checked by what its schema says', async () => {
    const file = '../packages/hub/src/control/shape.json';
    await expect(`${JSON.stringify(configShape(), undefined, 2)}\n`).toMatchFileSnapshot(file);
  });

  it.each([...describedKeys(keys), ...describedKeys(server, 'mcpServers.*.')])('$path says what it means', (key) => {
    expect(key.description).toMatch(/^\S.*[.;)]$|^\S.*2\.$/);
  });

  it('has a schema for editors in which every key may be deleted', () => {
    const schema = configJsonSchema() as { properties: Record<string, { type?: unknown; properties?: object }> };
    expect(schema.properties['logLevel']).toMatchObject({ type: ['string', 'null'], default: 'info' });
    expect(schema.properties['http']).toMatchObject({ type: ['object', 'null'], additionalProperties: false });
    expect(schema.properties['version']).toMatchObject({ const: 2 });
    expect(JSON.stringify(schema)).not.toContain('undefined');
  });
});
