import { describe, expect, it } from 'vitest';
import { describeEntry } from './describe-entry.ts';
import { diffLines, hideSecrets } from './diff-lines.ts';

const shown = (before: string, after: string): string[] =>
  diffLines(before, after).map(({ kind, text }) => `${{ same: ' ', added: '+', removed: '-' }[kind]}${text}`);

describe('a difference', () => {
  it('shows what changed and two lines around it', () => {
    expect(shown('a\nb\nc\nd\ne\nf\n', 'a\nb\nc\nX\nd\ne\nf\n')).toEqual([' b', ' c', '+X', ' d', ' e']);
    expect(shown('a\nb\n', 'a\n')).toEqual([' a', '-b']);
    expect(shown('', 'a\n')).toEqual(['+a']);
  });

  it('shows lines that stay in the middle of a change as they are', () => {
    expect(shown('{\r\n  "a": 1\r\n}\r\n', '{\r\n  "a": 1,\r\n  "b": 2\r\n}\r\n')).toEqual([
      ' {',
      '-  "a": 1',
      '+  "a": 1,',
      '+  "b": 2',
      ' }',
    ]);
  });
});

describe('a line that is shown', () => {
  it.each([
    ['    "API_KEY": "abc",', '    "API_KEY": "•••",'],
    ['{ "x": 1, "GH_TOKEN": "a b", "y": "z" }', '{ "x": 1, "GH_TOKEN": "•••", "y": "z" }'],
    ["api_key = 'abc'", "api_key = '•••'"],
    ['JIRA_TOKEN: abc', 'JIRA_TOKEN: •••'],
    ['args = ["--x", "ghp_0123456789abcdef"]', 'args = ["--x", "•••"]'],
    ['"keys": ["a"]', '"keys": ["a"]'],
    ['"command": "node"', '"command": "node"'],
  ])('hides what looks secret: %s', (line, expected) => {
    expect(hideSecrets(line)).toBe(expected);
  });
});

describe('an entry in one line', () => {
  it.each([
    [{ command: 'npx', args: ['-y', 'a b'], env: { TOKEN: 'x' } }, "npx -y 'a b'  with TOKEN"],
    [{ command: 'x', args: ['--api-key', 'abc', '--token=def', 'end'] }, "x --api-key '…' '--token=…' end"],
    [{ url: 'https://u:p@h.example.com/mcp?key=1' }, 'https://…@h.example.com/mcp?…'],
    [{ command: 'psql', args: ['postgres://me:pw@db/x'] }, "psql 'postgres://…@db/x'"],
    [{ command: 'a\u202eb', cwd: '/c' }, "'a\\u{202e}b'  in /c"],
  ])('shows what is run and hides what is secret: %j', (entry, expected) => {
    expect(describeEntry(entry)).toBe(expected);
  });
});
