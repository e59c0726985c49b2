import { type CommandNode, flatten, type OptionNode } from './tree.ts';

/** The completion script for bash; it needs no other package of completions. */
export function toBash(program: CommandNode): string {
  const all = flatten(program);
  const children = all.filter(({ node }) => node.children.length > 0);
  const cases = (rows: readonly string[]): string => rows.map((row) => `    ${row}`).join('\n');
  return `# Completion of ${program.name} for bash. Load it with:  source <(${program.name} completion bash)
_${program.name}_next() {
  case $1 in
${cases(children.flatMap(({ path, node }) => node.children.map((child) => nextRow(path, child))))}
    *) return 1 ;;
  esac
}
_${program.name}_words() {
  case $1 in
${cases(children.map(({ path, node }) => `'${path.join(' ')}') echo '${node.children.map(({ name }) => name).join(' ')}' ;;`))}
  esac
}
_${program.name}_options() {
  case $1 in
${cases(all.map(({ path, node }) => `'${path.join(' ')}') echo '${optionNames(node.options)}' ;;`))}
  esac
}
_${program.name}_value() {
  case $1 in
${cases(all.flatMap(({ path, node }) => node.options.filter(({ takesValue }) => takesValue).map((option) => valueRow(path, option))))}
    *) return 1 ;;
  esac
}
_${program.name}_operand() {
  case $1 in
${cases(all.flatMap(({ path, node }) => operandRows(path, node)))}
  esac
}
_${program.name}_add() {
  local word
  while IFS= read -r word; do
    [[ -n $word && $word == "$1"* ]] && COMPREPLY+=("$word")
  done
}
_${program.name}_kind() {
  case $1 in
    ''|none|files) ;;
    =*) tr ' ' '\\n' <<<"\${1#=}" ;;
    *) command ${program.name} __complete "$@" 2>/dev/null ;;
  esac
}
_${program.name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} at='${program.name}' operands=0 i word value=''
  local config=()
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == -- ]]; then compopt -o default 2>/dev/null; return; fi
    if [[ $word == -* ]]; then
      if value=$(_${program.name}_value "$at $word"); then
        [[ $word == -c || $word == --config ]] && config=(--config "\${COMP_WORDS[i + 1]}")
        ((i++))
      fi
    elif value=$(_${program.name}_next "$at $word"); then at=$value
    else ((operands++))
    fi
  done
  word=\${COMP_WORDS[COMP_CWORD - 1]}
  if ((COMP_CWORD > 1)) && [[ $word == -* ]] && value=$(_${program.name}_value "$at $word"); then
    if [[ $value == files ]]; then compopt -o default 2>/dev/null; return; fi
    _${program.name}_add "$current" < <(_${program.name}_kind "$value" "\${config[@]}")
    return
  fi
  if [[ $current == -* ]]; then
    _${program.name}_add "$current" < <(_${program.name}_options "$at" | tr ' ' '\\n')
    return
  fi
  value=$(_${program.name}_words "$at")
  if [[ -n $value ]]; then _${program.name}_add "$current" < <(tr ' ' '\\n' <<<"$value"); return; fi
  value=$(_${program.name}_operand "$at:$operands")
  if [[ $value == files ]]; then compopt -o default 2>/dev/null; return; fi
  _${program.name}_add "$current" < <(_${program.name}_kind "$value" "\${config[@]}")
}
complete -F _${program.name} ${program.name}
`;
}

function nextRow(path: readonly string[], child: CommandNode): string {
  const words = [child.name, ...child.aliases].map((name) => `'${[...path, name].join(' ')}'`);
  return `${words.join('|')}) echo '${[...path, child.name].join(' ')}' ;;`;
}

function operandRows(path: readonly string[], { operands }: CommandNode): string[] {
  return operands.map(({ kind, variadic }, i) => `'${path.join(' ')}:${variadic ? `'*` : `${i}'`}) echo '${kind}' ;;`);
}

function valueRow(path: readonly string[], option: OptionNode): string {
  const words = option.names.map((name) => `'${[...path, name].join(' ')}'`);
  const kind = option.choices.length > 0 ? `=${option.choices.join(' ')}` : option.kind;
  return `${words.join('|')}) echo '${kind}' ;;`;
}

const optionNames = (options: readonly OptionNode[]): string => options.flatMap(({ names }) => names).join(' ');
