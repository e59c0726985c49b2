import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Config, LimitsConfig, ServerConfig } from './config.ts';
import { configKeys } from './json-schema.ts';
import { defaultLimits, parseConfig, serverKeys, topKeys } from './schema.ts';
import type { RawServer } from './schema-server.ts';

const defaults = (): Config => {
  const parsed = parseConfig({ mcpServers: { a: { command: 'x' } } });
  if (!parsed.ok) throw new Error('the empty configuration is refused');
  return parsed.value;
};

describe('the schema', () => {
  it('gives every key of the types its default, and no other key', () => {
    const { a } = defaults().mcpServers;
    const optional = ['command', 'cwd', 'url', 'secrets', 'description', 'instructions'];
    const given = new Set([...Object.keys(a as ServerConfig), ...optional, 'type']);
    expect([...serverKeys()].filter((key) => !given.has(key))).toEqual([]);
    expect(Object.keys(a as ServerConfig).filter((key) => !serverKeys().has(key))).toEqual([]);
    expect([...topKeys()].filter((key) => !(key in defaults()))).toEqual(['$schema', 'version', 'extends']);
    expectTypeOf<keyof RawServer>().toEqualTypeOf<Exclude<keyof ServerConfig, 'blocked' | 'startIn'>>();
    expectTypeOf<ReturnType<typeof defaultLimits>>().toEqualTypeOf<LimitsConfig>();
  });

  it('has the defaults that its JSON Schema tells', () => {
    const told = (schema: { default?: unknown; properties?: Record<string, object> }): unknown =>
      schema.properties === undefined
        ? schema.default
        : Object.fromEntries(
            Object.entries(schema.properties)
              .map(([name, member]) => [name, told(member)])
              .filter(([, value]) => value !== undefined),
          );
    const { mcpServers, version: _version, ...top } = told(configKeys()) as Record<string, unknown>;
    expect(mcpServers).toEqual({});
    expect(defaults()).toMatchObject(top);
    expect(defaults().limits).toEqual(defaultLimits());
  });

  it.each([
    ['mcpServer', 'did you mean "mcpServers"?'],
    ['loglevel', 'did you mean "logLevel"?'],
    ['breaker', 'what is supported here: $schema, version, extends, logLevel, http, mcpServers'],
  ])('tells an unknown key %s from what it knows', (key, hint) => {
    const parsed = parseConfig({ [key]: {} });
    expect(parsed).toEqual({ ok: false, error: [{ path: [key], message: expect.stringContaining(hint) }] });
  });

  it('tells the keys of inner objects, too', () => {
    const parsed = parseConfig({ mcpServers: { a: { command: 'x', health: { interval: 1 } } } });
    expect(parsed.ok ? [] : parsed.error).toEqual([
      {
        path: ['mcpServers', 'a', 'health', 'interval'],
        message: 'unknown key "interval"; did you mean "intervalMs"?',
      },
    ]);
  });

  it.each([
    [
      {
        policy: {
          rules: [
            { id: 'a', effect: 'deny' },
            { id: 'a', effect: 'allow' },
          ],
        },
      },
      'the rule "a" is there already',
    ],
    [{ toolNaming: { separator: '.' } }, 'must be 1 to 4 of A-Z a-z 0-9 _ -'],
    [{ toolNaming: { aliases: { a_x: 'a.x' } } }, 'must be 1 to 128 of A-Z a-z 0-9 _ -'],
    [{ toolNaming: { aliases: { a_x: 'go', b_y: 'go' } } }, '"go" is the alias of "a_x" already'],
    [{ toolNaming: { maxLength: 16 } }, 'must be at least 24'],
    [{ http: { port: 1.5 } }, 'expected a whole number'],
    [{ rollover: { errorRateThreshold: 2 } }, 'must be at most 1'],
    [{ extends: 5 }, 'expected a path or a list of paths'],
    [{ mcpServers: { a: { command: 'x', instructions: { file: 'x' } } } }, 'cannot name a file here'],
    [{ mcpServers: { a: { command: 'x', instructions: 5 } } }, 'expected a text or { "file": … }'],
    [{ mcpServers: { a: { command: 'x', secrets: ['*'] } } }, 'is no name of a secret'],
    [{ mcpServers: { a: { type: 'http', command: 'x' } } }, 'is of type "http" and needs a "url"'],
    [{ version: 3 }, 'expected 2'],
  ])('refuses %j', (document, message) => {
    const parsed = parseConfig(document);
    expect(parsed.ok ? '' : parsed.error[0]?.message).toContain(message);
  });
});
