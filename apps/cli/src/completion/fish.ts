import type { Completion, Option } from '../arguments/option.js'
import { CONTAINER_PIDS, SOURCES } from './host-words.js'
import { type CompletionRow, fixedWords, groupWords, topRows } from './model.js'

/** In single quotes of fish, only \\ and ' are special. */
const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`

/** `-a` with what a value or operand may be; `-F` for files. */
function offers(completion: Completion | undefined): string {
  const words = fixedWords(completion)
  if (words) return ` -a ${quoted(words.join(' '))}`
  switch (completion) {
    case 'directory':
      return " -a '(__fish_complete_directories)'"
    case 'source':
      return " -a '(__rt_sources)'"
    case 'user':
      return " -a '(__fish_complete_users)'"
    case 'command':
      return " -a '(__fish_complete_command)'"
    case 'pid':
      return " -a '(__rt_pids)'"
    case 'file':
      return ' -F'
    default:
      return ''
  }
}

function optionLine(condition: string, [name, option]: readonly [string, Option<unknown>]): string {
  const short = option.short === undefined ? '' : ` -s ${option.short}`
  const value = option.kind === 'flag' ? '' : ` -x${offers(option.complete)}`
  return `complete -c rt -n ${condition}${short} -l ${name}${value} -d ${quoted(option.help)}\n`
}

function commandLines(
  { name, summary, command, options }: CompletionRow,
  _: number,
  rows: readonly CompletionRow[],
): string {
  const operand = command.subcommands ? groupWords(rows, name) : command.complete
  const condition = quoted(`__rt_command_is ${name}`)
  return [
    topRows([{ name, summary, command, options }]).length === 0
      ? '\n'
      : `\ncomplete -c rt -n __rt_needs_command -f -a ${name} -d ${quoted(summary)}\n`,
    ...options.map((option) => optionLine(condition, option)),
    operand === undefined ? '' : `complete -c rt -n ${condition} -f${offers(operand)}\n`,
  ].join('')
}

/** The script for fish: `rt completion fish | source`. */
export const fishCompletion = (
  rows: readonly CompletionRow[],
): string => `# fish completion for rt; load it with: rt completion fish | source

# The command that is being typed; run after explain, trace, compile.
function __rt_command
    set -l words (commandline -opc)[2..]
    for word in $words
        switch $word
            case '-*'
            case explain trace compile
                contains -- run $words; and echo run; or echo $word
                return
            case ${rows
              .filter(({ command }) => command.subcommands)
              .map(({ name }) => name)
              .join(' ')}
                set -l inner (string match -v -- '-*' $words)[2]
                string trim "$word $inner"
                return
            case '*'
                echo $word
                return
        end
    end
end
function __rt_command_is
    test "$(__rt_command)" = $argv[1]
end
function __rt_pids
    sh -c ${quoted(CONTAINER_PIDS)}
end
function __rt_sources
    sh -c ${quoted(SOURCES)} sh (commandline -ct)
end
function __rt_needs_command
    test -z "$(__rt_command)"
end
${rows.map(commandLines).join('')}`
