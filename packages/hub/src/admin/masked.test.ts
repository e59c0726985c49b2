import { describe, expect, it } from 'vitest';
import { MASK, maskConfig } from '../control/mask-config.ts';
import { isMasked, unmaskDefinition } from './masked.ts';

const definition = {
  command: 'x',
  args: ['--flag', '--api-key', 'canary', '--token=canary2'],
  env: { KEY: 'canary', REF: '${secret:KEY}', NONE: null, EMPTY: '' },
  headers: { Authorization: 'Bearer canary', 'X-Ref': 'Bearer ${env:TOKEN}', 'X-Mixed': 'canary-${env:TOKEN}' },
  auth: { type: 'bearer', token: 'canary' },
  hatagoOptions: { auth: { token: 'canary' } },
  url: 'https://example.com/mcp?key=canary',
  serverUrl: 'https://example.com/mcp?key=canary',
};
const shown = (): typeof definition => maskConfig(definition) as typeof definition;

describe('a definition that was shown masked', () => {
  it('holds nothing that may be a secret, and becomes the one it was made of again', () => {
    expect(JSON.stringify(shown())).not.toContain('canary');
    expect(isMasked(shown())).toBe(true);
    expect(unmaskDefinition(shown(), definition)).toEqual(definition);
  });

  it('keeps what was changed, and drops what was taken away', () => {
    const { KEY: _, ...env } = shown().env;
    const whole = unmaskDefinition({ ...shown(), env: { ...env, NEW: 'value' } }, definition);
    expect(whole['env']).toEqual({ REF: '${secret:KEY}', NONE: null, EMPTY: '', NEW: 'value' });
    expect((whole['headers'] as Record<string, string>)['Authorization']).toBe('Bearer canary');
  });

  it.each([
    ['before them', ['new', '--flag', '--api-key', MASK, `--token=${MASK}`], ['new', ...definition.args]],
    [
      'between them',
      ['--flag', '--api-key', MASK, 'new', `--token=${MASK}`],
      ['--flag', '--api-key', 'canary', 'new', '--token=canary2'],
    ],
    ['after them', ['--flag', '--api-key', MASK, `--token=${MASK}`, 'new'], [...definition.args, 'new']],
    ['in place of one', ['--api-key', MASK, `--token=${MASK}`], definition.args.slice(1)],
  ])('finds arguments again when one came %s', (_, args, expected) => {
    expect(unmaskDefinition({ args }, definition)).toEqual({ args: expected });
  });

  it.each([
    ['a variable that was not there', { env: { OTHER: MASK } }],
    ['an argument that could be two', { args: ['-k', MASK] }],
    ['a server that was not there', { auth: { type: 'bearer', token: MASK } }],
  ])('stays masked where it is %s', (_, sent) => {
    const before = { args: ['--key', 'one', '--key', 'two'], env: { KEY: 'x' } };
    expect(isMasked(unmaskDefinition(sent, before))).toBe(true);
  });
});
