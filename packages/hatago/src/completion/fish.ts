import { type CommandNode, flatten, type Kind, type OptionNode } from './tree.ts';

/** The completion script for fish; it is sourced, or put as `hatago.fish` into a folder of completions. */
export function toFish(program: CommandNode): string {
  const { name } = program;
  const all = flatten(program);
  const children = all.filter(({ node }) => node.children.length > 0);
  const valued = all.flatMap(({ path, node }) =>
    node.options
      .filter(({ takesValue }) => takesValue)
      .flatMap(({ names }) => names.map((option) => quote([...path, option].join(' ')))),
  );
  return `# Completion of ${name} for fish. Load it with:  ${name} completion fish | source
set -g __${name}_valued ${valued.join(' ')}
function __${name}_next
  switch $argv[1]
${children.flatMap(({ path, node }) => node.children.map((child) => nextRow(path, child))).join('\n')}
    case '*'
      return 1
  end
end
# Prints where in the tree of commands the cursor is, and how many operands stand before it.
function __${name}_where
  set -l words (commandline -opc)
  set -l at ${name}
  set -l operands 0
  set -l skip 0
  for word in $words[2..-1]
    if test $skip = 1
      set skip 0
    else if string match -q -- '-*' $word
      contains -- "$at $word" $__${name}_valued; and set skip 1
    else if set -l next (__${name}_next "$at $word")
      set at $next
    else
      set operands (math $operands + 1)
    end
  end
  echo $at
  echo $operands
end
function __${name}_at
  set -l where (__${name}_where)
  test "$where[1]" = "$argv[1]"; or return 1
  test (count $argv) = 1; or test "$where[2]" = "$argv[2]"; or test "$argv[2]" = any
end
function __${name}_words
  set -l config
  set -l words (commandline -opc)
  for i in (seq (count $words))
    if contains -- $words[$i] -c --config; and test $i -lt (count $words)
      set config --config $words[(math $i + 1)]
    end
  end
  command ${name} __complete $argv[1] $config 2>/dev/null
end
complete -c ${name} -f
${all.flatMap(({ path, node }) => linesOf(name, path.join(' '), node)).join('\n')}
`;
}

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const oneLine = (text: string): string => quote(text.replaceAll(/\s+/g, ' '));

function nextRow(path: readonly string[], child: CommandNode): string {
  const words = [child.name, ...child.aliases].map((word) => quote([...path, word].join(' ')));
  return `    case ${words.join(' ')}\n      echo ${quote([...path, child.name].join(' '))}`;
}

function linesOf(name: string, at: string, node: CommandNode): string[] {
  const when = (place: string): string => `complete -c ${name} -n ${quote(`__${name}_at ${place}`)}`;
  const here = when(quoteInner(at));
  return [
    ...node.children.map((child) => `${here} -a ${child.name} -d ${oneLine(child.description)}`),
    ...node.options.map((option) => `${here} ${optionPart(name, option)} -d ${oneLine(option.description)}`),
    ...node.operands
      .map(({ kind, variadic }, i) => ({ kind, place: `${quoteInner(at)} ${variadic ? 'any' : i}` }))
      .filter(({ kind }) => kind !== 'none')
      .map(({ kind, place }) => `${when(place)} ${valuePart(name, kind)}`),
  ];
}

/** Inside a text that is quoted once more. */
const quoteInner = (text: string): string => `"${text}"`;

function optionPart(name: string, { names, takesValue, choices, kind }: OptionNode): string {
  const flags = names.map((word) => (word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`));
  if (!takesValue) return flags.join(' ');
  const values = choices.length > 0 ? `-a ${quote(choices.join(' '))}` : valuePart(name, kind);
  return [...flags, '-r', values].filter((part) => part !== '').join(' ');
}

function valuePart(name: string, kind: Kind): string {
  if (kind === 'none') return '';
  return kind === 'files' ? '-F' : `-a ${quote(`(__${name}_words ${kind})`)}`;
}
