import { describe, expect, it } from 'vitest';
import type { Examined } from './check.ts';
import { checkConfiguration } from './configuration.ts';

describe('the check of a configuration', () => {
  it('tells a fault of the syntax once, and every fault of another place', async () => {
    const faults = [
      '/p:1/c.json:1:6: value expected',
      '/p:1/c.json:1:6: close brace expected',
      '/p:1/c.json:2:6: unknown key "x"',
      '/p:1/d.json: there is no such file',
    ];
    const found = await checkConfiguration({ file: '/p:1/c.json', loaded: undefined, faults } as unknown as Examined);
    expect(found.map(({ message }) => message)).toEqual([faults[0], faults[2], faults[3]]);
  });
});
