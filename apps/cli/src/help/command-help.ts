import type { Option, OptionGroup } from '../arguments/option.js'
import { type Command, HELP } from '../commands/command.js'
import { table, wrap } from './wrap.js'

/** `-m, --memory BYTES` */
export function optionHead(name: string, option: Option<unknown>): string {
  const short = option.short === undefined ? '    ' : `-${option.short}, `
  return `${short}--${name}${option.kind === 'flag' ? '' : ` ${option.value}`}`
}

const group = ({ title, options }: OptionGroup): string =>
  `\n${title}:\n${table(Object.entries(options).map(([name, option]) => [optionHead(name, option), meaning(option)]))}`

const meaning = (option: Option<unknown>): string =>
  option.kind === 'many' ? `${option.help} (can be repeated)` : option.help

/** What `rt NAME --help` prints. */
export function commandHelp(command: Command): string {
  return [
    `Usage: rt ${command.name}${command.usage === '' ? '' : ` ${command.usage}`}\n`,
    ...command.description.map((paragraph) => `\n${wrap(paragraph)}\n`),
    command.subcommands ? `\nCommands:\n${table(command.subcommands.map(({ name, summary }) => [name, summary]))}` : '',
    command.examples.length ? `\nExamples:\n${table(command.examples)}` : '',
    ...(command.groups.length
      ? [...command.groups, { title: 'Help', options: HELP }]
      : [{ title: 'Options', options: command.options }]
    ).map(group),
  ].join('')
}
