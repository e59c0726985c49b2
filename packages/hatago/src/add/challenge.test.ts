import { describe, expect, it } from 'vitest';
import { parseChallenge } from './challenge.ts';

describe('a challenge', () => {
  it.each([
    [
      'Bearer realm="x", resource_metadata="https://a.example/.well-known/x", scope="read write"',
      { scheme: 'Bearer', scope: 'read write', metadata: 'https://a.example/.well-known/x' },
    ],
    ['Bearer scope=read', { scheme: 'Bearer', scope: 'read', metadata: undefined }],
    ['Basic realm="a\\"b"', { scheme: 'Basic', scope: undefined, metadata: undefined }],
    ['Bearer my_scope="no"', { scheme: 'Bearer', scope: undefined, metadata: undefined }],
    ['Bearer', { scheme: 'Bearer', scope: undefined, metadata: undefined }],
    ['', { scheme: '', scope: undefined, metadata: undefined }],
    [undefined, { scheme: '', scope: undefined, metadata: undefined }],
  ])('%j is read', (header, challenge) => {
    expect(parseChallenge(header)).toEqual(challenge);
  });
});
