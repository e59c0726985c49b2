import { describe, expect, it } from 'vitest';
import { isRewritable, mangleUri, unmangleUri } from './uris.ts';

describe('mangleUri', () => {
  it.each([
    ['ui://app/index.html', 'ui://srv.app/index.html'],
    ['file:///etc/hosts', 'file://srv/etc/hosts'],
    ['test://{host}/x', 'test://srv.{host}/x'],
    ['mem://', 'mem://srv'],
    ['urn:a:b', 'urn:srv:a:b'],
    ['no-scheme', 'srv:no-scheme'],
  ])('%s becomes %s and comes back', (own, expected) => {
    expect(mangleUri('srv', own)).toBe(expected);
    expect(unmangleUri('srv', expected)).toBe(own);
  });

  it('keeps the id within what an authority may hold', () => {
    expect(mangleUri('my server', 'ui://a/')).toBe('ui://my-server.a/');
  });
});

describe('unmangleUri', () => {
  it.each(['ui://other/x', 'ui://srvx/y', 'urn:a:b', 'plain'])('knows that %s was never changed', (uri) => {
    expect(unmangleUri('srv', uri)).toBeUndefined();
  });
});

describe('isRewritable', () => {
  it('leaves alone what clients may fetch by themselves', () => {
    expect(isRewritable('https://example.com/')).toBe(false);
    expect(isRewritable('HTTP://example.com/')).toBe(false);
    expect(isRewritable('ui://a')).toBe(true);
  });
});
