import { describe, expect, it } from 'vitest';
import { entryChanges } from './entry-changes.ts';

describe('what changed in an entry', () => {
  it('is told line by line, without values that may be secret', () => {
    const before = { command: 'npx', args: ['-y', 'p@1.0.0'], env: { KEEP: 'a', DROP: 'canary-1', SET: 'canary-2' } };
    const after = {
      command: 'npx',
      args: ['-y', 'p@2.0.0'],
      env: { KEEP: 'a', SET: 'canary-3', NEW: 'canary-4' },
      tags: ['t'],
    };
    const lines = entryChanges(before, after);
    expect(lines).toEqual([
      'args: -y p@1.0.0 → -y p@2.0.0',
      'variable DROP removed',
      'variable SET changed',
      'variable NEW added',
      'tags: none → t',
    ]);
    expect(lines.join()).not.toContain('canary');
  });

  it('shows what hides', () => {
    expect(entryChanges({ command: 'a' }, { command: 'a\u202eb' })).toEqual(['command: a → a\\u{202e}b']);
  });
});
