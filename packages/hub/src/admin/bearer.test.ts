import { describe, expect, it } from 'vitest';
import { createBearerCheck, newToken } from './bearer.ts';

describe('the check of a token', () => {
  it('accepts every one of the tokens, and nothing else', () => {
    const [one, two] = [newToken(), newToken()];
    expect(one).not.toBe(two);
    expect(one).toMatch(/^[\w-]{43}$/);
    const check = createBearerCheck([one, two]);
    for (const good of [`Bearer ${one}`, `bearer ${two}`, `Bearer  ${one}`]) expect(check(good)).toBe(true);
    const bad = [undefined, '', one, 'Bearer', 'Bearer ', `Bearer ${one}x`, `Bearer ${one.slice(1)}`, `Basic ${one}`];
    for (const header of bad) expect(check(header)).toBe(false);
  });

  it('accepts nothing where there is no token', () => {
    expect(createBearerCheck([])(`Bearer ${newToken()}`)).toBe(false);
  });
});
