import { describe, expect, it } from 'vitest';
import { entryAt, removeEntry, setEntry } from './change-entry.ts';
import type { FileFormat } from './client.ts';
import { openFormat } from './file-format.ts';

const ENTRY = { command: 'x', args: ['--a: b', '# c', '"d"'], env: { A: 'true' } };
const at = (...path: string[]) => ({ path, key: 'hatago' });

describe.each<[FileFormat, string, ReturnType<typeof at>]>([
  ['json', '', at('mcpServers')],
  ['json', '\uFEFF', at('mcpServers')],
  ['json', ' \n', at('mcpServers')],
  ['json', '{}', at('mcpServers')],
  ['json', '{}\n', at('mcp', 'servers')],
  ['json', '{\n}\n', at('mcpServers')],
  ['json', '{\n  // nothing yet\n}\n', at('mcpServers')],
  ['json', '{\n  "mcpServers": {}\n}\n', at('mcpServers')],
  ['json', '{\r\n\t"mcpServers": { /* none */ },\r\n}', at('mcpServers')],
  ['json', '{ "mcpServers": {\n  } }', at('mcpServers')],
  ['json', '{"a":1,"mcpServers":{"b":{}}}', at('mcpServers')],
  ['json', '{"mcpServers":{"b":{},},}', at('mcpServers')],
  ['json', '{ "mcpServers": { "b": {} // c\n } }', at('mcpServers')],
  ['json', '{ "mcpServers": { "b": {}, /* c */ } }\n', at('mcpServers')],
  ['toml', '', at('mcp_servers')],
  ['toml', '\uFEFF# hi', at('mcp_servers')],
  ['toml', '[mcp_servers]\n', at('mcp_servers')],
  ['toml', '[[a]]\nb = 1\n[[a]]\nb = 2', at('mcp_servers')],
  ['yaml', '', at('extensions')],
  ['yaml', '# only a comment', at('extensions')],
  ['yaml', '---\na: 1\n', at('extensions')],
  ['yaml', 'a: 1', at('extensions')],
  ['yaml', 'a: 1\nextensions:\n', at('extensions')],
  ['yaml', 'extensions:   # none\nz: 1\n', at('extensions')],
  ['yaml', 'extensions: {}\nz: 1\n', at('extensions')],
  ['yaml', 'extensions: { a: { b: 1 } }  # c\n', at('extensions')],
  ['yaml', 'extensions:\n  a: &x { b: 1 }\n  c: *x', at('extensions')],
  ['yaml', 'extensions:\n\n  a:\n    b: |\n      text\n\n\n', at('extensions')],
  ['yaml', '{ a: 1 }\n', at('extensions')],
])('%s %j', (name, text, place) => {
  it('takes an entry and gives everything else back', async () => {
    const format = await openFormat(name);
    const added = setEntry(format, text, place, ENTRY);
    if (!added.ok) throw new Error(added.error);
    const parsed = format.parse(added.value);
    expect(parsed.ok && entryAt(parsed.value, place)).toEqual(ENTRY);
    for (const comment of text.match(/#.*|\/\/.*|\/\*.*?\*\//g) ?? []) expect(added.value).toContain(comment);
    for (const options of [{}, { emptied: true }]) {
      const removed = removeEntry(format, added.value, place, options);
      if (!removed.ok) throw new Error(removed.error);
      const left = format.parse(removed.value);
      expect(left.ok && entryAt(left.value, place)).toBeUndefined();
      expect(removeEntry(format, removed.value, place, options)).toEqual(removed);
      for (const comment of text.match(/#.*|\/\/.*|\/\*.*?\*\//g) ?? []) expect(removed.value).toContain(comment);
    }
  });
});

describe('what cannot be edited without harm', () => {
  it.each<[FileFormat, string, string]>([
    ['json', '[1]', '1:1: must be an object'],
    ['json', '{"mcpServers": null}', '1:16: "mcpServers" must be an object'],
    ['json', '{\n  "a": 1\n  "b": 2\n}', '3:3: comma expected'],
    ['toml', 'a = \n', '1:'],
    ['toml', '[mcpServers]\nhatago.command = "x"\n', '2:1: mcpServers.hatago is written inline'],
    ['toml', '[mcpServers]\nhatago = { command = "x" }\n', '2:1: mcpServers.hatago is written inline'],
    ['toml', 'mcpServers = {}\n', '1:1: mcpServers is written inline'],
    ['yaml', 'a: 1\n---\nb: 2\n', 'second document'],
    ['yaml', 'mcpServers: [a]\n', '1:13: "mcpServers" must be a mapping'],
    ['yaml', 'a: "x\n', '2:1:'],
    ['yaml', 'x: &x { a: 1 }\nmcpServers: *x\n', '2:13:'],
    ['yaml', '- a\n', '1:1: must be a mapping'],
  ])('is refused, with its place: %s %j', async (name, text, message) => {
    const edited = setEntry(await openFormat(name), text, at('mcpServers'), ENTRY);
    expect(edited.ok ? edited.value : edited.error).toContain(message);
    expect(edited.ok).toBe(false);
  });
});
