import { isRecord } from '@hatago/protocol';
import { describe, expect, it } from 'vitest';
import { entryAt, removeEntry, setEntry } from './change-entry.ts';
import { FIXTURES } from './client-fixtures.ts';
import { openFormat } from './file-format.ts';
import { toOurReferences } from './references.ts';
import { CLIENTS, findClient } from './table.ts';

const STDIO = { kind: 'stdio', command: '/usr/bin/node', args: ['/opt/hatago.cjs', 'serve', '--stdio'] } as const;
const HTTP = { kind: 'http', url: 'http://127.0.0.1:3535/mcp' } as const;
const FOLDERS = { project: '/work/app', home: '/home/ada' };

const rows = FIXTURES.map((fixture) => [fixture.name, fixture] as const);

describe('the table of clients', () => {
  it('knows each by its id and by what people call it, once', () => {
    expect(new Set(CLIENTS.map(({ id }) => id)).size).toBe(CLIENTS.length);
    for (const client of CLIENTS) expect(findClient(client.id)).toBe(client);
    expect(findClient('Claude Code')?.id).toBe('claude-code');
    expect(findClient('claude')?.id).toBe('claude-code');
    expect(findClient('Gemini')?.id).toBe('gemini-cli');
    expect(findClient('VS Code')?.id).toBe('vscode');
    expect(findClient('nobody')).toBeUndefined();
  });

  it('has a fixture of the real format of every client', () => {
    expect(CLIENTS.filter(({ id }) => !FIXTURES.some(({ client }) => client === id))).toEqual([]);
  });
});

describe.each(rows)('%s', (_, { client: id, text, servers }) => {
  const client = CLIENTS.find((candidate) => candidate.id === id);
  if (client === undefined) throw new Error(`${id} is no client`);

  it('is read in our words', async () => {
    const parsed = (await openFormat(client.format)).parse(text);
    if (!parsed.ok) throw new Error(parsed.error.join('\n'));
    const records = client.records?.(parsed.value) ?? [{ path: client.path(parsed.value) }];
    const read = records.flatMap(({ path }) => {
      const record = path.reduce<unknown>((part, name) => (isRecord(part) ? part[name] : undefined), parsed.value);
      return Object.entries(isRecord(record) ? record : {}).flatMap(([name, entry]) => {
        const found = isRecord(entry) ? client.read(entry) : undefined;
        return found === undefined ? [] : [[name, toOurReferences(found.entry, client.references, FOLDERS)]];
      });
    });
    expect(Object.fromEntries(read)).toEqual(servers);
  });

  it.each([
    ['LF', (given: string) => given],
    ['CRLF', (given: string) => given.replaceAll('\n', '\r\n')],
    ['CRLF and a byte order mark', (given: string) => `\uFEFF${given.replaceAll('\n', '\r\n')}`],
    ['no last line break', (given: string) => given.trimEnd()],
  ])('takes our entry and gives it back byte for byte, with %s', async (kind, change) => {
    const given = change(text);
    const format = await openFormat(client.format);
    const document = format.parse(given);
    if (!document.ok) throw new Error(document.error.join('\n'));
    const place = { path: client.path(document.value), key: 'hatago' };
    for (const launch of client.http ? [STDIO, HTTP] : [STDIO]) {
      const entry = client.write(launch, document.value);
      const added = setEntry(format, given, place, entry);
      if (!added.ok) throw new Error(added.error);
      expect(added.value).not.toBe(given);
      const now = format.parse(added.value);
      expect(now.ok && entryAt(now.value, place)).toEqual(entry);
      if (kind.startsWith('CRLF')) expect(added.value.replaceAll('\r\n', '')).not.toContain('\n');
      expect(isGrown(given, added.value)).toBe(true);
      const removed = removeEntry(format, added.value, place);
      // Behind the last line, a break is all that may be left of it.
      if (kind === 'no last line break') expect(removed.ok && removed.value.trimEnd()).toBe(given);
      else expect(removed.ok && removed.value).toBe(given);
      const other = client.write(STDIO, document.value);
      const twice = setEntry(format, added.value, place, other);
      if (!twice.ok) throw new Error(twice.error);
      const last = format.parse(twice.value);
      expect(last.ok && entryAt(last.value, place)).toEqual(other);
      expect(removeEntry(format, twice.value, place)).toEqual(removed);
    }
  });
});

/** Whether a text is another one with something put in, in whatever places. */
function isGrown(before: string, after: string): boolean {
  let at = 0;
  for (const character of after) if (character === before[at]) at++;
  return at === before.length;
}
