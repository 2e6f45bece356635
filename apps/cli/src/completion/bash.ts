import type { Completion, Option } from '../arguments/option.js'
import { type CompletionRow, fixedWords, singleQuoted } from './model.js'

/** The compgen action that offers what an option or operand takes; `-f` where nothing better is known. */
function compgen(completion: Completion | undefined): string {
  const words = fixedWords(completion)
  if (words) return `-W ${singleQuoted(words.join(' '))}`
  switch (completion) {
    case 'directory':
    case 'source':
      return '-d'
    case 'user':
      return '-u'
    case 'command':
      return '-c'
    case 'pid':
      return `-W "$(cd /proc && echo [0-9]*)"`
    default:
      return '-f'
  }
}

const spellings = (name: string, option: Option<unknown>): string[] => [
  `--${name}`,
  ...(option.short === undefined ? [] : [`-${option.short}`]),
]

function commandCase({ name, command, options }: CompletionRow): string {
  const valued = options.filter(([, option]) => option.kind !== 'flag')
  const values = valued.map(
    ([long, option]) =>
      `      ${spellings(long, option).join('|')}) rt_values=${singleQuoted(compgen(option.complete))} ;;`,
  )
  return [
    `    ${name})`,
    `      rt_options=${singleQuoted(options.map(([long]) => `--${long}`).join(' '))}`,
    `      rt_operand=${singleQuoted(compgen(command.complete))}`,
    ...(values.length ? ['      case $2 in', ...values, '      esac'] : []),
    '      ;;',
  ].join('\n')
}

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

_rt() {
  local rt_options rt_operand rt_values word command= operands=0 at
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    if [[ -z $command ]]; then
      [[ $word == -* ]] || command=$word
    elif [[ $command =~ ^(explain|trace|compile)$ && $word == run ]]; then
      command=run
    else
      _rt_command "$command" "\${COMP_WORDS[at - 1]}"
      [[ -n $rt_values || $word == -?* ]] || operands=$((operands + 1))
      [[ $word == -- ]] && operands=$((operands + 1))
    fi
  done
  if [[ -z $command ]]; then
    COMPREPLY=($(compgen -W ${singleQuoted(['--help', '--version', ...rows.map(({ name }) => name)].join(' '))} -- "$current"))
    return
  fi
  _rt_command "$command" "$previous"
  if [[ $operands -gt 0 ]]; then
    # A command in the container: its names are the container's, files are the best guess.
    COMPREPLY=($(compgen -c -f -- "$current"))
  elif [[ -n $rt_values ]]; then
    COMPREPLY=($(eval "compgen $rt_values -- \\"\\$current\\""))
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$rt_options" -- "$current"))
  else
    COMPREPLY=($(eval "compgen $rt_operand -- \\"\\$current\\""))
  fi
}

complete -o filenames -F _rt rt
`
