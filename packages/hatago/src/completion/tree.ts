import type { Argument, Command, Option } from 'commander';

/** What stands at a place of a command line: something a running hub or the configuration knows, or a file. */
export type Kind = 'servers' | 'tools' | 'secrets' | 'clients' | 'files' | 'none';

/** One option of a command. */
export interface OptionNode {
  /** `--config`, `-c`. */
  readonly names: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
  readonly kind: Kind;
}

/** One operand of a command; a variadic one goes for all that follow. */
export interface OperandNode {
  readonly kind: Kind;
  readonly variadic: boolean;
}

/** One command with what can follow it; hidden ones are left out. */
export interface CommandNode {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly description: string;
  readonly options: readonly OptionNode[];
  readonly operands: readonly OperandNode[];
  readonly children: readonly CommandNode[];
}

/** What an operand is, by how it is called in the help. */
const KINDS: Readonly<Record<string, Kind>> = {
  id: 'servers',
  server: 'servers',
  target: 'servers',
  tool: 'tools',
  secret: 'secrets',
  client: 'clients',
  file: 'files',
  path: 'files',
  folder: 'files',
};

/** The tree of commands as plain data, for what is generated from it. */
export function toTree(command: Command): CommandNode {
  const help = command.createHelp();
  return {
    name: command.name(),
    aliases: command.aliases(),
    description: command.description(),
    options: help.visibleOptions(command).map(toOption),
    operands: command.registeredArguments.map((argument) => toOperand(argument, command.parent?.name())),
    children: help
      .visibleCommands(command)
      .filter((child) => child.name() !== 'help')
      .map(toTree),
  };
}

function toOption(option: Option): OptionNode {
  const takesValue = option.required || option.optional;
  const [, value = ''] = /[<[]([\w-]+)/.exec(option.flags) ?? [];
  return {
    names: [option.short, option.long].filter((name) => name !== undefined),
    description: option.description,
    takesValue,
    choices: option.argChoices ?? [],
    kind: takesValue ? (KINDS[value] ?? 'none') : 'none',
  };
}

function toOperand(argument: Argument, parent: string | undefined): OperandNode {
  const name = parent === 'secret' && argument.name() === 'name' ? 'secret' : argument.name();
  return { kind: KINDS[name] ?? 'none', variadic: argument.variadic };
}

/** Every command of a tree with the words that lead to it, aliases apart; the program itself is the first. */
export function flatten(node: CommandNode, above: readonly string[] = []): readonly FlatCommand[] {
  const path = [...above, node.name];
  return [{ path, node }, ...node.children.flatMap((child) => flatten(child, path))];
}

/** A command and the words that lead to it, the program's name first. */
export interface FlatCommand {
  readonly path: readonly string[];
  readonly node: CommandNode;
}
