import { describe, expect, it } from 'vitest';
import { exposedParameters, exposedValues, secretName } from './credentials.ts';

describe('values of a command line', () => {
  it('that look like credentials are found', () => {
    const headers = {
      Authorization: 'Bearer abc.def',
      'X-Api-Key': 'k1',
      Cookie: 'a=b; c=d',
      Accept: 'text/plain',
      'X-Team': 'blue',
    };
    const env = { GITHUB_TOKEN: 't', API_KEY: 'k', DATABASE_URL: 'postgres://u:p@h/db', LANG: 'C', KEYBOARD: 'de' };
    expect(exposedValues(headers, env)).toEqual([
      { place: 'header', name: 'Authorization', prefix: 'Bearer ', value: 'abc.def' },
      { place: 'header', name: 'X-Api-Key', prefix: '', value: 'k1' },
      { place: 'header', name: 'Cookie', prefix: '', value: 'a=b; c=d' },
      { place: 'env', name: 'GITHUB_TOKEN', prefix: '', value: 't' },
      { place: 'env', name: 'API_KEY', prefix: '', value: 'k' },
      { place: 'env', name: 'DATABASE_URL', prefix: '', value: 'postgres://u:p@h/db' },
    ]);
  });

  it('that only refer to a credential are left alone', () => {
    const headers = { Authorization: 'Bearer ${secret:X}' };
    expect(exposedValues(headers, { API_KEY: '${API_KEY}', OTHER_KEY: null, EMPTY_KEY: '' })).toEqual([]);
  });

  it('are found in a query too', () => {
    expect(exposedParameters('https://x.example/mcp?apiKey=1&team=2&access_token=3')).toEqual([
      'apiKey',
      'access_token',
    ]);
  });

  it.each([
    ['wiki', 'Authorization', 'WIKI_TOKEN'],
    ['my-api', 'X-Api-Key', 'MY_API_API_KEY'],
    ['gh', 'GITHUB_TOKEN', 'GH_GITHUB_TOKEN'],
  ])('of %s in %s are kept as %s', (id, name, secret) => {
    expect(secretName(id, name)).toBe(secret);
  });
});
