import { describe, expect, it } from 'vitest';
import { assignNames, checkNaming, DEFAULT_NAMING, knownNames, type Naming, nameHash, publicName } from './names.ts';

const one = (id: string, names: readonly string[], ids: readonly string[] = [id], naming = DEFAULT_NAMING) =>
  assignNames([{ id, names }], ids, naming)[0];

describe('publicName', () => {
  it('puts the server id and the separator in front', () => {
    expect(publicName('fs', 'read', DEFAULT_NAMING)).toBe('fs_read');
    expect(publicName('fs', 'read', { ...DEFAULT_NAMING, separator: '--' })).toBe('fs--read');
  });

  it.each([
    ['a.b', 'fs_a_b'],
    ['a/b c', 'fs_a_b_c'],
    ['日本', 'fs___'],
    ['😀', 'fs__'],
    ['ok-Name_9', 'fs_ok-Name_9'],
  ])('replaces every character that not all clients take: %s', (own, expected) => {
    expect(publicName('fs', own, DEFAULT_NAMING)).toBe(expected);
  });

  it('cuts a long name and ends it in a hash of server id and name', () => {
    const name = publicName('fs', 'x'.repeat(60), DEFAULT_NAMING);
    expect(name).toHaveLength(48);
    expect(name.endsWith(`_${nameHash('fs', 'x'.repeat(60))}`)).toBe(true);
    expect(name).not.toBe(publicName('fs', `${'x'.repeat(59)}y`, DEFAULT_NAMING));
    expect(publicName('fs', 'x'.repeat(45), DEFAULT_NAMING)).toBe(`fs_${'x'.repeat(45)}`);
  });

  it('keeps every name within the characters and length all clients take', () => {
    for (const name of ['', 'a', 'é'.repeat(200), 'a.b', '../../etc', '\u0000']) {
      expect(publicName('my-server', name, DEFAULT_NAMING)).toMatch(/^[A-Za-z0-9_-]{1,48}$/);
    }
  });
});

describe('assignNames', () => {
  it('keeps the exact name plain and gives the altered ones that meet it a hash', () => {
    expect(one('s', ['a_b', 'a.b', 'c.d'])).toEqual(['s_a_b', `s_a_b_${nameHash('s', 'a.b')}`, 's_c_d']);
    expect(one('s', ['a.b', 'a b'])).toEqual([`s_a_b_${nameHash('s', 'a.b')}`, `s_a_b_${nameHash('s', 'a b')}`]);
  });

  it('gives the same names in whatever order a server lists them', () => {
    const forward = one('s', ['a_b', 'a.b', 'a b']);
    expect(one('s', ['a b', 'a.b', 'a_b'])).toEqual(forward?.toReversed());
  });

  it('hashes a name that would begin with another server, whether or not that server is up', () => {
    const hashed = `a_b_c_${nameHash('a', 'b_c')}`;
    expect(one('a', ['b_c', 'x'], ['a', 'a_b'])).toEqual([hashed, 'a_x']);
    const both = assignNames(
      [
        { id: 'a_b', names: ['c'] },
        { id: 'a', names: ['b_c'] },
      ],
      ['a_b', 'a'],
      DEFAULT_NAMING,
    );
    expect(both).toEqual([['a_b_c'], [hashed]]);
    expect(one('a', ['b_c'], ['a', 'ab'])).toEqual(['a_b_c']);
  });

  it('hashes the names of ids that only differ in replaced characters, save the exact one', () => {
    const ids = ['x.y', 'x_y', 'x y'];
    expect(one('x_y', ['t'], ids)).toEqual(['x_y_t']);
    expect(one('x.y', ['t'], ids)).toEqual([`x_y_t_${nameHash('x.y', 't')}`]);
    expect(one('x y', ['t'], ids)).toEqual([`x_y_t_${nameHash('x y', 't')}`]);
  });

  it('leaves names alone without a prefix, save those that two servers share', () => {
    const naming = { ...DEFAULT_NAMING, strategy: 'none' as const };
    const names = assignNames(
      [
        { id: 'a', names: ['read', 'only.a', 'x.y', 'x_y'] },
        { id: 'b', names: ['read', 'write'] },
      ],
      ['a', 'b'],
      naming,
    );
    expect(names).toEqual([
      ['a_read', 'only_a', `a_x_y_${nameHash('a', 'x.y')}`, 'x_y'],
      ['b_read', 'write'],
    ]);
  });
});

describe('names of several servers', () => {
  const servers = [
    { id: 'a', names: ['read', 'x'] },
    { id: 'b', names: ['read', 'write'] },
  ];
  const assign = (naming: Partial<Naming>) => assignNames(servers, ['a', 'b'], { ...DEFAULT_NAMING, ...naming });

  it('are given to none of those that share one, where that is an error', () => {
    expect(assign({ strategy: 'error' })).toEqual([
      [undefined, 'x'],
      [undefined, 'write'],
    ]);
  });

  it.each([
    ['prefix', ['ra', 'a_x'], ['b_read', 'b_write']],
    ['alias', ['ra', 'x'], ['read', 'write']],
    ['none', ['ra', 'x'], ['read', 'write']],
    ['error', ['ra', 'x'], ['read', 'write']],
  ] as const)('follow an alias with %s, which leaves the name to the other server', (strategy, a, b) => {
    expect(assign({ strategy, aliases: { a_read: 'ra' } })).toEqual([a, b]);
  });

  it('give way to an alias whether or not its server is up', () => {
    const hashed = `b_write_${nameHash('b', 'write')}`;
    expect(assign({ aliases: { a_gone: 'b_write' } })[1]).toEqual(['b_read', hashed]);
    expect(assign({ aliases: { a_x: 'b_write' } })).toEqual([
      ['a_read', 'b_write'],
      ['b_read', hashed],
    ]);
  });

  it('are known to the policy by their alias, as they are, and with the prefix', () => {
    const naming: Naming = { ...DEFAULT_NAMING, strategy: 'alias', aliases: { a_read: 'ra' } };
    expect(knownNames('a', 'read', naming)).toEqual(['ra', 'read', 'a_read']);
    expect(knownNames('a', 'x', DEFAULT_NAMING)).toEqual(['a_x']);
  });
});

describe('checkNaming', () => {
  it.each([
    [{ separator: '.' }, /separator .*"\."/],
    [{ separator: '' }, /separator/],
    [{ maxLength: 10 }, /maxLength .*10/],
    [{ maxLength: 48.5 }, /maxLength/],
    [{ strategy: 'suffix' as 'none' }, /strategy .*"suffix"/],
  ])('refuses %j and names the option', (part, message) => {
    expect(() => checkNaming({ ...DEFAULT_NAMING, ...part })).toThrow(message);
  });

  it('takes what it is given otherwise', () => {
    expect(checkNaming(DEFAULT_NAMING)).toBe(DEFAULT_NAMING);
  });
});
