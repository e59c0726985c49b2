import { type CommandNode, flatten, type OptionNode } from './tree.ts';

/** The completion script for zsh; it is sourced, or put as `_hatago` into a folder of `fpath`. */
export function toZsh(program: CommandNode): string {
  const { name } = program;
  const all = flatten(program);
  const children = all.filter(({ node }) => node.children.length > 0);
  const rows = (lines: readonly string[]): string => lines.map((line) => `    ${line}`).join('\n');
  return `#compdef ${name}
# Completion of ${name} for zsh. Load it with:  source <(${name} completion zsh)
_${name}_next() {
  case $1 in
${rows(children.flatMap(({ path, node }) => node.children.map((child) => nextRow(path, child))))}
    (*) return 1 ;;
  esac
}
_${name}_value() {
  case $1 in
${rows(all.flatMap(({ path, node }) => node.options.filter(({ takesValue }) => takesValue).map((option) => valueRow(path, option))))}
    (*) return 1 ;;
  esac
}
_${name}_operand() {
  case $1 in
${rows(all.flatMap(({ path, node }) => operandRows(path, node)))}
  esac
}
_${name}_commands() {
  local -a found
  case $1 in
${rows(children.map(({ path, node }) => `(${quote(path.join(' '))}) found=(${node.children.map((child) => described(child.name, child.description)).join(' ')}) ;;`))}
    (*) return 1 ;;
  esac
  _describe -t commands command found
}
_${name}_options() {
  local -a found
  case $1 in
${rows(all.map(({ path, node }) => `(${quote(path.join(' '))}) found=(${node.options.flatMap((option) => option.names.map((word) => described(word, option.description))).join(' ')}) ;;`))}
  esac
  _describe -t options option found
}
_${name}_kind() {
  local -a found
  case $1 in
    (''|none) return 1 ;;
    (files) _files; return ;;
    ('='*) found=(\${(s: :)\${1#=}}) ;;
    (*) found=(\${(f)"$(command ${name} __complete "$@" 2>/dev/null)"}) ;;
  esac
  compadd -- "\${found[@]}"
}
_${name}() {
  local at='${name}' word value
  local -i i operands=0
  local -a config
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    if [[ $word == -- ]]; then _files; return; fi
    if [[ $word == -* ]]; then
      if value=$(_${name}_value "$at $word"); then
        [[ $word == -c || $word == --config ]] && config=(--config "\${words[i + 1]}")
        ((i++))
      fi
    elif value=$(_${name}_next "$at $word"); then at=$value
    else ((operands++))
    fi
  done
  word=\${words[CURRENT - 1]}
  if ((CURRENT > 2)) && [[ $word == -* ]] && value=$(_${name}_value "$at $word"); then
    _${name}_kind "$value" "\${config[@]}"
  elif [[ \${words[CURRENT]} == -* ]]; then _${name}_options "$at"
  elif _${name}_commands "$at"; then return
  else _${name}_kind "$(_${name}_operand "$at:$operands")" "\${config[@]}"
  fi
}
if [[ $funcstack[1] == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const described = (word: string, description: string): string =>
  quote(`${word.replaceAll(':', '\\:')}:${description.replaceAll(/\s+/g, ' ')}`);

function nextRow(path: readonly string[], child: CommandNode): string {
  const words = [child.name, ...child.aliases].map((name) => quote([...path, name].join(' ')));
  return `(${words.join('|')}) echo ${quote([...path, child.name].join(' '))} ;;`;
}

function valueRow(path: readonly string[], option: OptionNode): string {
  const words = option.names.map((name) => quote([...path, name].join(' ')));
  const kind = option.choices.length > 0 ? `=${option.choices.join(' ')}` : option.kind;
  return `(${words.join('|')}) echo ${quote(kind)} ;;`;
}

function operandRows(path: readonly string[], { operands }: CommandNode): string[] {
  const at = path.join(' ');
  return operands.map(
    ({ kind, variadic }, i) => `(${variadic ? `${quote(`${at}:`)}*` : quote(`${at}:${i}`)}) echo ${quote(kind)} ;;`,
  );
}
