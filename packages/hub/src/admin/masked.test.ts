import { describe, expect, it } from 'vitest';
import { MASK, maskDefinition, unmaskDefinition } from './masked.ts';

const definition = {
  command: 'x',
  args: ['--flag'],
  env: { KEY: 'canary', REF: '${secret:KEY}', NONE: null, EMPTY: '' },
  headers: { Authorization: 'Bearer canary', 'X-Ref': 'Bearer ${env:TOKEN}', 'X-Mixed': 'canary-${env:TOKEN}' },
  auth: { type: 'bearer', token: 'canary' },
  url: 'https://example.com/mcp?key=canary',
};

describe('a masked definition', () => {
  it('shows references, and nothing that may be a secret', () => {
    const masked = maskDefinition(definition) as typeof definition;
    expect(JSON.stringify(masked)).not.toContain('canary');
    expect(masked.env).toEqual({ KEY: MASK, REF: '${secret:KEY}', NONE: null, EMPTY: '' });
    expect(masked.headers['X-Ref']).toBe('Bearer ${env:TOKEN}');
    expect(masked.auth).toEqual({ type: 'bearer', token: MASK });
    expect(masked.url).toBe(`https://example.com/mcp?${MASK}`);
    expect(masked.args).toEqual(['--flag']);
  });

  it('becomes the one it was made of again', () => {
    expect(unmaskDefinition(maskDefinition(definition) as Record<string, unknown>, definition)).toEqual(definition);
  });

  it('keeps what was changed, and drops what was taken away', () => {
    const masked = maskDefinition(definition) as typeof definition;
    const { KEY: _, ...env } = masked.env;
    const whole = unmaskDefinition({ ...masked, env: { ...env, NEW: 'value' } }, definition);
    expect(whole['env']).toEqual({ REF: '${secret:KEY}', NONE: null, EMPTY: '', NEW: 'value' });
    expect((whole['headers'] as Record<string, string>)['Authorization']).toBe('Bearer canary');
  });
});
