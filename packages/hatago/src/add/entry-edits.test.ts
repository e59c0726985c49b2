import { editDocument } from '@hatago/hub/control/edit-document.ts';
import { describe, expect, it } from 'vitest';
import { editsBetween } from './entry-edits.ts';

describe('the edits of an entry', () => {
  const before = { command: 'npx', args: ['-y', 'pkg@1.0.0'], env: { A: '1', B: '2' }, tags: ['x'] };

  it('are as small as they can be', () => {
    const after = { command: 'npx', args: ['-y', 'pkg@1.1.0'], env: { A: '1', C: '3' }, restart: { max: 0 } };
    expect(editsBetween(['mcpServers', 'x'], before, after)).toEqual([
      { path: ['mcpServers', 'x', 'args', 1], value: 'pkg@1.1.0' },
      { path: ['mcpServers', 'x', 'env', 'B'], value: undefined },
      { path: ['mcpServers', 'x', 'env', 'C'], value: '3' },
      { path: ['mcpServers', 'x', 'tags'], value: undefined },
      { path: ['mcpServers', 'x', 'restart'], value: { max: 0 } },
    ]);
    expect(editsBetween([], before, structuredClone(before))).toEqual([]);
  });

  it('keep the comments of the file', () => {
    const text =
      '{\n  "mcpServers": {\n    "x": {\n      "args": [\n        "-y", // yes\n        "pkg@1.0.0" // pinned\n      ]\n    }\n  }\n}\n';
    const edits = editsBetween(['mcpServers', 'x'], { args: ['-y', 'pkg@1.0.0'] }, { args: ['-y', 'pkg@2.0.0'] });
    expect(editDocument(text, edits)).toEqual({ ok: true, value: text.replace('1.0.0', '2.0.0') });
  });
});
