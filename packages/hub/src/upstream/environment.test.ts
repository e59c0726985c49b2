import { describe, expect, it } from 'vitest';
import { buildEnvironment } from './environment.ts';

describe('buildEnvironment', () => {
  const inherited = {
    PATH: '/bin',
    HOME: '/home/u',
    LC_ALL: 'C',
    https_proxy: 'http://proxy',
    SECRET_TOKEN: 'canary',
    NODE_OPTIONS: '--inspect',
    LD_PRELOAD: '/evil.so',
    TERM: '() { :; }; echo',
    LANG: undefined,
  };

  it('passes on what a program needs and nothing else', () => {
    expect({ ...buildEnvironment({ inherited, platform: 'linux' }) }).toEqual({
      PATH: '/bin',
      HOME: '/home/u',
      LC_ALL: 'C',
      https_proxy: 'http://proxy',
    });
  });

  it('adds what is declared, over what is inherited, and removes what is declared null', () => {
    const env = buildEnvironment({
      inherited,
      declared: { API_KEY: 'k', PATH: '/opt', LC_ALL: null, NOT_THERE: null },
      platform: 'linux',
    });
    expect({ ...env }).toEqual({ PATH: '/opt', HOME: '/home/u', https_proxy: 'http://proxy', API_KEY: 'k' });
  });

  it('compares names without case on Windows', () => {
    const env = buildEnvironment({
      inherited: { Path: 'C:\\a', SystemRoot: 'C:\\Windows', Secret: 's' },
      declared: { PATH: 'C:\\b' },
      platform: 'win32',
    });
    expect({ ...env }).toEqual({ PATH: 'C:\\b', SystemRoot: 'C:\\Windows' });
  });

  it('treats names of object internals as plain names', () => {
    const env = buildEnvironment({ inherited: {}, declared: JSON.parse('{"__proto__":"x"}'), platform: 'linux' });
    expect(Object.keys(env)).toEqual(['__proto__']);
  });
});
