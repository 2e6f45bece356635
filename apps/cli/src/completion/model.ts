import type { Completion, Option } from '../arguments/option.js'
import type { Command, CommandRow } from '../commands/command.js'
import { COMMANDS } from '../commands/table.js'

/** A command with its options, as the shells' scripts are written from it. */
export interface CompletionRow {
  readonly name: string
  readonly summary: string
  readonly command: Command
  readonly options: readonly (readonly [string, Option<unknown>])[]
}

/** All commands, loaded; those of a group under both words: `image ls`. */
export const completionRows = (rows: readonly CommandRow[] = COMMANDS, before = ''): Promise<CompletionRow[]> =>
  Promise.all(
    rows.map(async ({ name, summary, load }): Promise<CompletionRow[]> => {
      const { command } = await load()
      const row = { name: `${before}${name}`, summary, command, options: Object.entries(command.options) }
      return [row, ...(command.subcommands ? await completionRows(command.subcommands, `${name} `) : [])]
    }),
  ).then((found) => found.flat())

/** Commands that the first word may be. */
export const topRows = (rows: readonly CompletionRow[]): CompletionRow[] =>
  rows.filter(({ name }) => !name.includes(' '))

/** The words that may follow a group's. */
export const groupWords = (rows: readonly CompletionRow[], group: string): string[] =>
  rows.filter(({ name }) => name.startsWith(`${group} `)).map(({ name }) => name.slice(group.length + 1))

/** Words that the shell offers, if it is a fixed list. */
export const fixedWords = (completion: Completion | undefined): readonly string[] | undefined =>
  typeof completion === 'object' ? completion : undefined

/** A sentence in single quotes of sh, zsh. */
export const singleQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
