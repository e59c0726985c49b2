import { describe, expect, it } from 'vitest';
import { sumByFile, summarizeProfile } from './cpu-profile.mjs';

const frame = (functionName, url = '', lineNumber = 0) => ({ functionName, url, lineNumber, columnNumber: 0 });
const profile = {
  nodes: [
    { id: 1, callFrame: frame('(root)') },
    { id: 2, callFrame: frame('parse', 'file:///app/src/scan.js', 9) },
    { id: 3, callFrame: frame('', 'file:///app/src/scan.js', 19) },
    { id: 4, callFrame: frame('(idle)') },
    { id: 5, callFrame: frame('parse', 'file:///app/src/scan.js', 9) }, // the same function, called from elsewhere
  ],
  samples: [2, 4, 5, 3, 2],
  timeDeltas: [0, 1000, 5000, 2000, 500],
};

describe('summarizeProfile', () => {
  it('gives each sample the time until the next, and adds up one function over its callers', () => {
    const { busyMs, idleMs, functions } = summarizeProfile(profile, '/app/');
    expect({ busyMs, idleMs }).toEqual({ busyMs: 3.5, idleMs: 5 });
    expect(functions).toEqual([
      { name: 'parse', location: 'src/scan.js:10:1', selfMs: 3 },
      { name: '(anonymous)', location: 'src/scan.js:20:1', selfMs: 0.5 },
    ]);
  });

  it('adds functions up by file', () => {
    expect(sumByFile(summarizeProfile(profile, '/app/').functions)).toEqual([{ file: 'src/scan.js', selfMs: 3.5 }]);
  });
});
