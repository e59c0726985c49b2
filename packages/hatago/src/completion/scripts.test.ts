import { Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { toBash } from './bash.ts';
import { toFish } from './fish.ts';
import { type CommandNode, toTree } from './tree.ts';
import { toZsh } from './zsh.ts';

function program(): Command {
  const root = new Command('demo').option('-c, --config <path>', 'configuration file');
  root
    .command('rm')
    .alias('remove')
    .description("take it away; it's gone then: really")
    .argument('<id>')
    .option('--keep', 'keep things');
  const group = root.command('npx').description('a family');
  group
    .command('add')
    .description('add one')
    .argument('<package>')
    .argument('[words...]')
    .addOption(new Option('--transport <kind>', 'how').choices(['http', 'sse']));
  root.command('call').description('call it').argument('<tool>');
  root.command('hidden', { hidden: true });
  return root;
}

const tree: CommandNode = toTree(program());

describe('the tree of commands', () => {
  it('holds what can be seen, and what each place of a line is', () => {
    expect(tree.children.map(({ name }) => name)).toEqual(['rm', 'npx', 'call']);
    const [rm, npx, call] = tree.children;
    expect(rm).toMatchObject({ aliases: ['remove'], operands: [{ kind: 'servers', variadic: false }] });
    expect(npx?.children[0]?.operands).toEqual([
      { kind: 'none', variadic: false },
      { kind: 'none', variadic: true },
    ]);
    expect(npx?.children[0]?.options[0]).toMatchObject({
      names: ['--transport'],
      takesValue: true,
      choices: ['http', 'sse'],
    });
    expect(call?.operands[0]?.kind).toBe('tools');
    expect(tree.options[0]).toMatchObject({ names: ['-c', '--config'], kind: 'files' });
  });
});

describe.each([
  ['bash', toBash(tree)],
  ['zsh', toZsh(tree)],
  ['fish', toFish(tree)],
])('the script for %s', (_, script) => {
  it('knows every command and option, and nothing that is hidden', () => {
    for (const word of ['rm', 'remove', 'npx', 'add', 'call', 'keep', 'transport', 'http sse', 'config']) {
      expect(script).toContain(word);
    }
    expect(script).not.toContain('hidden');
  });

  it('asks the command for what only it knows', () => {
    expect(script).toContain('demo __complete');
    expect(script).toContain('servers');
    expect(script).toContain('tools');
  });

  it('closes every quote it opens, whatever a description holds', () => {
    // The quote in "it's" is escaped in each shell's own way.
    const plain = script
      .replaceAll("'\\''", '')
      .replaceAll("\\'", '')
      .replaceAll(/^\s*#.*$/gm, '');
    for (const line of plain.split('\n')) expect((line.match(/'/g) ?? []).length % 2, line).toBe(0);
  });
});
