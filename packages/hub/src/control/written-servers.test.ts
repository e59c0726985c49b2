import { describe, expect, it } from 'vitest';
import { placeOfServer, writtenServers } from './written-servers.ts';

const found = (document: Record<string, unknown>): unknown[] =>
  writtenServers(document).map(({ id, path }) => [id, path]);

describe('the servers that stand in a document', () => {
  it.each([
    [
      'our own',
      { mcpServers: { a: {}, 'b.c': {}, no: 1 } },
      [
        ['a', ['mcpServers', 'a']],
        ['b_c', ['mcpServers', 'b.c']],
      ],
    ],
    ['another name', { servers: { a: {} } }, [['a', ['servers', 'a']]]],
    [
      'a list',
      { servers: [{ id: 'a' }, {}, { id: 'b' }] },
      [
        ['a', ['servers', 0]],
        ['b', ['servers', 2]],
      ],
    ],
    ['none', { mcpServers: 5 }, []],
  ])('are found under %s', (_, document, servers) => {
    expect(found(document)).toEqual(servers);
  });

  it.each([
    [{}, ['mcpServers', 'x']],
    [{ servers: {} }, ['servers', 'x']],
    [{ servers: {}, mcpServers: {} }, ['mcpServers', 'x']],
    [{ servers: [] }, undefined],
  ])('get another one beside them: %j', (document, place) => {
    expect(placeOfServer(document, 'x')).toEqual(place);
  });
});
