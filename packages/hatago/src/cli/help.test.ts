import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from './program.ts';

const INTRO = `# Command line

Every command with its options, as \`hatago <command> --help\` prints it; this page is made from the commands and a test holds the
two equal. Exit codes: 0 done, 1 failed, 2 wrong command line or configuration, 3 no hub runs, 4 there is no such thing, 5 not
allowed, 78 refused as unsafe. \`--json\` prints one JSON document on stdout and nothing else; what is meant for a person goes to
stderr. Colours, spinners and questions appear on a terminal only, and no colours where \`NO_COLOR\` is set.
`;

/** Every visible command with the words that lead to it. */
function all(command: Command, above: readonly string[] = []): { path: string; command: Command }[] {
  const path = [...above, command.name()];
  const children = command
    .createHelp()
    .visibleCommands(command)
    .filter((child) => child.name() !== 'help');
  return [{ path: path.join(' '), command }, ...children.flatMap((child) => all(child, path))];
}

/** The help of a command, examples included, as wide as the page. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => (text += part),
    getOutHelpWidth: () => 120,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trimEnd();
}

const commands = all(buildProgram());

describe('the help', () => {
  it('of every command stands in docs/cli.md', async () => {
    const sections = commands.map(({ path, command }) => `## ${path}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\``);
    await expect(`${INTRO}\n${sections.join('\n\n')}\n`).toMatchFileSnapshot('../../../../docs/cli.md');
  });

  it.each(commands.slice(1))('of $path has a description, examples and --json', ({ path, command }) => {
    const help = helpOf(command);
    expect(command.description()).toMatch(/^\S.*[^.]$/);
    expect(help).toContain('Examples:');
    expect(help.slice(help.indexOf('Examples:'))).toContain(path);
    expect(help).toContain('--json');
  });

  it('describes every option', () => {
    const bare = commands.flatMap(({ path, command }) =>
      command
        .createHelp()
        .visibleOptions(command)
        .filter(({ description }) => description === '')
        .map(({ flags }) => `${path} ${flags}`),
    );
    expect(bare).toEqual([]);
  });
});
