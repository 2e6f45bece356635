import type { Completion, Option } from '../arguments/option.js'
import { CONTAINER_PIDS, SOURCES } from './host-words.js'
import { type CompletionRow, fixedWords, groupWords, singleQuoted, topRows } from './model.js'

/** The action of an _arguments specification. */
function action(completion: Completion | undefined): string {
  const words = fixedWords(completion)
  if (words) return `(${words.map((word) => word.replace(/[:\s()]/g, '\\$&')).join(' ')})`
  switch (completion) {
    case 'directory':
      return '_files -/'
    case 'source':
      return '_rt_sources'
    case 'user':
      return '_users'
    case 'command':
      return '_command_names -e'
    case 'pid':
      return '_rt_pids'
    case 'file':
      return '_files'
    default:
      return ''
  }
}

/** Within a specification, `:` separates, and `[…]` holds the explanation. */
const text = (words: string): string => words.replace(/[:[\]\\]/g, '\\$&')

function specification([name, option]: readonly [string, Option<unknown>]): string {
  const repeat = option.kind === 'many' ? '*' : ''
  const value = option.kind === 'flag' ? '' : `:${text(option.value ?? '')}:${action(option.complete)}`
  const long = `${repeat}--${name}${option.kind === 'flag' ? '' : '='}[${text(option.help)}]${value}`
  const short =
    option.short === undefined
      ? []
      : [`${repeat}-${option.short}${option.kind === 'flag' ? '' : '+'}[${text(option.help)}]${value}`]
  return [...short, long].map((line) => `        ${singleQuoted(line)} \\\n`).join('')
}

function commandCase({ name, command, options }: CompletionRow, _: number, rows: readonly CompletionRow[]): string {
  const operand = action(command.subcommands ? groupWords(rows, name) : command.complete) || '_files'
  const lines = options.map(specification).join('')
  return `      ${singleQuoted(name)})\n        _arguments -s -A '-*' \\\n${lines}        ${singleQuoted(`1:operand:${operand}`)} '*::arguments:_rt_rest' ;;\n`
}

/** The script for zsh: a file `_rt` in a folder of fpath, or `source <(rt completion zsh)`. */
export const zshCompletion = (rows: readonly CompletionRow[]): string => `#compdef rt
# zsh completion for rt; load it with: source <(rt completion zsh)

# What follows the first operand: rt's own run after explain, trace, compile; else a command and its arguments.
_rt_rest() {
  if [[ $rt_command == (explain|trace|compile) && $rt_operand == run ]]; then
    rt_command=run
    _rt_options
  else
    _normal
  fi
}

_rt_pids() {
  local -a pids=(\${(f)"$(sh -c ${singleQuoted(CONTAINER_PIDS)})"})
  compadd -a pids
}

_rt_sources() {
  local -a sources=(\${(f)"$(sh -c ${singleQuoted(SOURCES)} sh $PREFIX)"})
  compadd -Q -S '' -a sources
}

_rt_options() {
  local rt_operand=$words[2]
  case $rt_command in
${rows.map(commandCase).join('')}  esac
}

_rt() {
  local -a commands=(
${topRows(rows)
  .map(({ name, summary }) => `    ${singleQuoted(`${name}:${summary}`)}\n`)
  .join('')}  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local rt_command=$words[2]
  shift words
  (( CURRENT-- ))
  # A command of a group.
  if [[ $rt_command == (${rows
    .filter(({ command }) => command.subcommands)
    .map(({ name }) => name)
    .join('|')}) && CURRENT -gt 2 && $words[2] != -* ]]; then
    rt_command+=" $words[2]"
    shift words
    (( CURRENT-- ))
  fi
  _rt_options
}

compdef _rt rt
`
