import { describe, expect, it } from 'vitest';
import { buildProgram } from './program.ts';

const namesOf = (args?: readonly string[]): string[] =>
  buildProgram(args).commands.flatMap((command) => [command.name(), ...command.aliases()]);
const all = namesOf();

describe('buildProgram', () => {
  it.each(all)('knows %s when it is asked for', (name) => {
    expect(namesOf(['--json', name, 'x'])).toContain(name);
  });

  it('builds only what the arguments may mean', () => {
    expect(namesOf(['status'])).not.toContain('serve');
    expect(namesOf(['-c', 'serve', 'status'])).toEqual(expect.arrayContaining(['serve', 'status']));
  });

  it.each([
    [[]],
    [['--help']],
    [['nonsense']],
    [['help']],
    [['help', 'call']],
    [['completion', 'bash']],
    [['__complete']],
  ])('builds everything for %j', (args) => {
    expect(namesOf(args)).toEqual(all);
  });
});
