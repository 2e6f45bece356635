import type { Completion, Option } from '../arguments/option.js'
import { CONTAINER_PIDS, SOURCES } from './host-words.js'
import { type CompletionRow, fixedWords, groupWords, singleQuoted, topRows } from './model.js'

/** The compgen action (or a word of _rt_offer's) that offers what an option or operand takes; `-f` where nothing better is known. */
function compgen(completion: Completion | undefined): string {
  const words = fixedWords(completion)
  if (words) return `-W ${singleQuoted(words.join(' '))}`
  switch (completion) {
    case 'directory':
      return '-d'
    case 'source':
      return 'sources'
    case 'user':
      return '-u'
    case 'command':
      return '-c'
    case 'pid':
      return 'pids'
    default:
      return '-f'
  }
}

const spellings = (name: string, option: Option<unknown>): string[] => [
  `--${name}`,
  ...(option.short === undefined ? [] : [`-${option.short}`]),
]

/** A group takes the name of a command of its own first. */
const operandOf = ({ name, command }: CompletionRow, rows: readonly CompletionRow[]): string =>
  command.subcommands ? `-W ${singleQuoted(groupWords(rows, name).join(' '))}` : compgen(command.complete)

function commandCase(row: CompletionRow, _: number, rows: readonly CompletionRow[]): string {
  const { name, options } = row
  const valued = options.filter(([, option]) => option.kind !== 'flag')
  const values = valued.map(
    ([long, option]) =>
      `      ${spellings(long, option).join('|')}) rt_values=${singleQuoted(compgen(option.complete))} ;;`,
  )
  return [
    `    ${singleQuoted(name)})`,
    `      rt_options=${singleQuoted(options.map(([long]) => `--${long}`).join(' '))}`,
    `      rt_operand=${singleQuoted(operandOf(row, rows))}`,
    ...(values.length ? ['      case $2 in', ...values, '      esac'] : []),
    '      ;;',
  ].join('\n')
}

/** Names of commands that are groups. */
const groups = (rows: readonly CompletionRow[]): string[] =>
  rows.filter(({ command }) => command.subcommands).map(({ name }) => name)

/** The script for bash: `eval "$(rt completion bash)"`. */
export const bashCompletion = (
  rows: readonly CompletionRow[],
): string => `# bash completion for rt; load it with: eval "$(rt completion bash)"

# _rt_command NAME PREVIOUS: what NAME takes, and what its option PREVIOUS takes
_rt_command() {
  rt_options= rt_operand= rt_values=
  case $1 in
${rows.map(commandCase).join('\n')}
  esac
}

# _rt_offer ACTION: fills COMPREPLY with what begins with $current
_rt_offer() {
  local offered line
  case $1 in
    pids) offered=$(sh -c ${singleQuoted(CONTAINER_PIDS)}) ;;
    sources) offered=$(sh -c ${singleQuoted(SOURCES)} sh "$current") ;;
    *) COMPREPLY=($(eval "compgen $1 -- \\"\\$current\\"")); return ;;
  esac
  # Not by compgen -W, which would expand, and so execute, what an image calls itself.
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ -n $line && $line == "$current"* ]]; then COMPREPLY+=("$line"); fi
  done <<<"$offered"
}

_rt() {
  local rt_options rt_operand rt_values word command= operands=0 at
  # Bash takes a word apart at colons and equals signs: oci:dir:tag, --userns=host. Without space between them, they are one.
  local words=() token space rest=$COMP_LINE
  for token in "\${COMP_WORDS[@]:0:COMP_CWORD + 1}"; do
    space=\${rest%%[![:space:]]*} rest=\${rest#"\${rest%%[![:space:]]*}"} rest=\${rest#"$token"}
    if [[ -n $space || \${#words[@]} -eq 0 ]]; then words+=("$token"); else words[\${#words[@]} - 1]+=$token; fi
  done
  local last=$((\${#words[@]} - 1))
  local current=\${words[last]} previous=\${words[last - 1]} typed=\${COMP_WORDS[COMP_CWORD]}
  if [[ $current == --*=* ]]; then previous=\${current%%=*} current=\${current#*=}; fi
  # What stands before the last colon is there already: only what follows is offered.
  [[ $typed == [:=] ]] && typed=
  local before=\${current%"$typed"}
  for ((at = 1; at < last; at++)); do
    word=\${words[at]}
    if [[ -z $command ]]; then
      [[ $word == -* ]] || command=$word
    elif [[ $command =~ ^(explain|trace|compile)$ && $word == run ]]; then
      command=run
    elif [[ $command =~ ^(${groups(rows).join('|')})$ && $word != -* ]]; then
      command+=" $word"
    else
      _rt_command "$command" "\${words[at - 1]}"
      [[ -n $rt_values || $word == -?* ]] || operands=$((operands + 1))
      [[ $word == -- ]] && operands=$((operands + 1))
    fi
  done
  if [[ -z $command ]]; then
    COMPREPLY=($(compgen -W ${singleQuoted(['--help', '--version', ...topRows(rows).map(({ name }) => name)].join(' '))} -- "$current"))
    return
  fi
  _rt_command "$command" "$previous"
  if [[ $operands -gt 0 ]]; then
    # A command in the container: its names are the container's, files are the best guess.
    COMPREPLY=($(compgen -c -f -- "$current"))
  elif [[ -n $rt_values ]]; then
    _rt_offer "$rt_values"
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$rt_options" -- "$current"))
  else
    _rt_offer "$rt_operand"
  fi
  COMPREPLY=("\${COMPREPLY[@]#"$before"}")
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *: ]]; then compopt -o nospace 2>/dev/null; fi
}

complete -o filenames -F _rt rt
`
