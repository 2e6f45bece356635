import type { Completion, Option } from '../arguments/option.js'
import type { Command } from '../commands/command.js'
import { COMMANDS, type CommandRow } from '../commands/table.js'

/** A command with its options, as the shells' scripts are written from it. */
export interface CompletionRow {
  readonly name: string
  readonly summary: string
  readonly command: Command
  readonly options: readonly (readonly [string, Option<unknown>])[]
}

/** All commands, loaded. */
export const completionRows = (): Promise<CompletionRow[]> =>
  Promise.all(
    COMMANDS.map(async ({ name, summary, load }: CommandRow) => {
      const { command } = await load()
      return { name, summary, command, options: Object.entries(command.options) }
    }),
  )

/** Words that the shell offers, if it is a fixed list. */
export const fixedWords = (completion: Completion | undefined): readonly string[] | undefined =>
  typeof completion === 'object' ? completion : undefined

/** A sentence in single quotes of sh, zsh. */
export const singleQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
