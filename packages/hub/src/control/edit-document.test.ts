import { describe, expect, it } from 'vitest';
import { type DocumentEdit, editDocument } from './edit-document.ts';

const edit = (text: string, ...edits: [path: (string | number)[], value?: unknown][]): string => {
  const edited = editDocument(
    text,
    edits.map(([path, value]): DocumentEdit => ({ path, value })),
  );
  if (!edited.ok) throw new Error(edited.error);
  return edited.value;
};

const COMMENTED = `// the hub of this project
{
  "version": 2, // our format
  /* servers */
  "mcpServers": {
    // files
    "fs": {
      "command": "npx", // by npm
      "args": ["-y", "pkg"],
    },
    // the tracker
    "github": { "url": "https://x/mcp" } // remote
  }
}
`;

describe('editing JSONC', () => {
  it('changes one value and nothing else', () => {
    expect(edit(COMMENTED, [['mcpServers', 'fs', 'command'], 'node'])).toBe(COMMENTED.replace('"npx"', '"node"'));
  });

  it('adds a member behind the comment of the last one', () => {
    expect(edit(COMMENTED, [['mcpServers', 'new'], { command: 'x', args: ['a'] }])).toBe(
      COMMENTED.replace(
        '"github": { "url": "https://x/mcp" } // remote\n',
        '"github": { "url": "https://x/mcp" }, // remote\n    "new": {\n      "command": "x",\n      "args": ["a"]\n    }\n',
      ),
    );
  });

  it('keeps the trailing commas of an object that has them', () => {
    expect(edit(COMMENTED, [['mcpServers', 'fs', 'cwd'], '.'])).toBe(
      COMMENTED.replace('["-y", "pkg"],\n', '["-y", "pkg"],\n      "cwd": ".",\n'),
    );
  });

  it('adds to an object on one line on that line', () => {
    expect(
      edit(COMMENTED, [
        ['mcpServers', 'github', 'tags'],
        ['a', 'b'],
      ]),
    ).toContain('"github": { "url": "https://x/mcp", "tags": ["a", "b"] } // remote');
  });

  it.each([
    ['{}', '{\n  "a": {\n    "b": 1\n  }\n}'],
    ['', '{\n  "a": {\n    "b": 1\n  }\n}\n'],
    ['{ // nothing yet\n}', '{ // nothing yet\n  "a": {\n    "b": 1\n  }\n}'],
    ['{"x":1}', '{"x":1, "a": { "b": 1 }}'],
  ])('makes what is missing on the way, in %j', (text, after) => {
    expect(edit(text, [['a', 'b'], 1])).toBe(after);
  });

  it('removes a member with its line and no comment but its own', () => {
    expect(edit(COMMENTED, [['mcpServers', 'fs', 'command']])).toBe(
      COMMENTED.replace('      "command": "npx", // by npm\n', ''),
    );
    expect(edit(COMMENTED, [['mcpServers', 'github']])).toBe(
      COMMENTED.replace('    "github": { "url": "https://x/mcp" } // remote\n', '').replace('    },\n', '    }\n'),
    );
    expect(edit(COMMENTED, [['mcpServers', 'fs']])).toBe(COMMENTED.replace(/ {4}"fs": \{[^}]*\},\n/, ''));
  });

  it.each([
    ['{ "a": 1, "b": 2 }', 'a', '{ "b": 2 }'],
    ['{ "a": 1, "b": 2 }', 'b', '{ "a": 1 }'],
    ['{ "a": 1, }', 'a', '{}'],
    ['{\n  "a": 1\n}', 'a', '{}'],
    ['{\n  "a": 1, "b": 2\n}', 'b', '{\n  "a": 1\n}'],
    ['{\n  "a": 1, // one\n  "b": 2,\n}', 'b', '{\n  "a": 1, // one\n}'],
    ['{"a":1}', 'nothing', '{"a":1}'],
  ])('removes from %j the member %s', (text, name, after) => {
    expect(edit(text, [[name]])).toBe(after);
  });

  it('adds, changes and removes items of lists', () => {
    expect(edit('{"a":[1,2]}', [['a', 2], 3])).toBe('{"a":[1,2, 3]}');
    expect(edit('{"a":[1,2]}', [['a', 0], 5])).toBe('{"a":[5,2]}');
    expect(edit('{"a":[1,2]}', [['a', 0]])).toBe('{"a":[2]}');
  });

  it('goes into an object that is replaced, so that the rest of it stays', () => {
    const changed = edit(COMMENTED, [['mcpServers', 'fs'], { command: 'npx', args: ['-y', 'other'], start: 'lazy' }]);
    expect(changed).toBe(COMMENTED.replace('["-y", "pkg"],\n', '["-y", "other"],\n      "start": "lazy",\n'));
  });

  it('keeps the line ends and the indentation of the file', () => {
    expect(edit('{\r\n\t"a": 1\r\n}\r\n', [['b'], { c: 2 }])).toBe(
      '{\r\n\t"a": 1,\r\n\t"b": {\r\n\t\t"c": 2\r\n\t}\r\n}\r\n',
    );
  });

  it('keeps a byte order mark', () => {
    expect(edit('\uFEFF{"a":1}', [['a'], 2])).toBe('\uFEFF{"a":2}');
  });

  it.each([
    ['{"a":1}', ['a', 'b'], 'a is no object'],
    ['[]', ['a'], 'the document is no object'],
    ['{"a":[]}', ['a', 3], 'there is no item 2'],
    ['{broken', ['a'], 'is not valid JSON with comments'],
    ['{}', ['__proto__', 'x'], 'the name "__proto__" is not allowed'],
  ])('refuses to edit %s at %j', (text, path, error) => {
    expect(editDocument(text, [{ path, value: 1 }])).toEqual({ ok: false, error });
  });
});

describe('editing YAML', () => {
  const TEXT = `# the hub
version: 2
mcpServers:
  fs: # files
    command: npx
    args: [-y, pkg]
`;
  const change = (...edits: DocumentEdit[]): string => {
    const edited = editDocument(TEXT, edits, 'yaml');
    if (!edited.ok) throw new Error(edited.error);
    return edited.value;
  };

  it('changes, adds and removes, and keeps the comments', () => {
    expect(change({ path: ['mcpServers', 'fs', 'command'], value: 'node' })).toBe(TEXT.replace('npx', 'node'));
    const added = change({ path: ['mcpServers', 'web'], value: { url: 'https://x' } });
    expect(added).toBe(`${TEXT}  web:\n    url: https://x\n`);
    expect(change({ path: ['http', 'port'], value: 1 })).toBe(`${TEXT}http:\n  port: 1\n`);
    expect(change({ path: ['mcpServers', 'fs', 'args'], value: undefined })).toBe(
      TEXT.replace('    args: [-y, pkg]\n', ''),
    );
  });

  it('goes into a map that is replaced', () => {
    const after = change({ path: ['mcpServers', 'fs'], value: { command: 'npx', start: 'lazy' } });
    expect(after).toBe(TEXT.replace('    args: [-y, pkg]\n', '    start: lazy\n'));
  });

  it('writes a document anew where lines are not enough, comments and anchors kept', () => {
    const text = '# top\na: &x { b: 1 } # one\nc: *x\n';
    const edited = editDocument(text, [{ path: ['a', 'b'], value: [1, { d: 2 }] }], 'yaml');
    expect(edited.ok && edited.value).toBe('# top\na: &x {b: [1, {d: 2}]} # one\nc: *x\n');
    expect(editDocument('', [{ path: ['a'], value: 1 }], 'yaml')).toEqual({ ok: true, value: 'a: 1\n' });
  });

  it('refuses what is not YAML', () => {
    expect(editDocument('a: [', [{ path: ['a'], value: 1 }], 'yaml')).toEqual({
      ok: false,
      error: 'is not valid YAML',
    });
  });
});
