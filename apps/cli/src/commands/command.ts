import type { Complaints } from '../arguments/complaints.js'
import { type Completion, flag, type OptionGroup, type Options } from '../arguments/option.js'
import type { Parsed } from '../arguments/parse.js'

/** A command of rt: what it says about itself, its options, and what it does. */
export interface Command<O extends Options = Options> {
  readonly name: string
  /** The words after the name: `[OPTIONS] [SOURCE] [--] [COMMAND [ARG...]]`. */
  readonly usage: string
  /** What it is for: paragraphs, each one line. */
  readonly description: readonly string[]
  /** [command line, what it does] */
  readonly examples: readonly (readonly [string, string])[]
  readonly groups: readonly OptionGroup[]
  readonly options: O
  /** How many words may follow the options. Absent: any number, and the command looks at them itself. */
  readonly operands?: number
  /** What a shell offers for the first word that is no option. */
  readonly complete?: Completion
  /** It is a group of commands: the word after its name says which. */
  readonly subcommands?: readonly CommandRow[]
  /** Tells the command's errors, those of its arguments too, in its own way; answers with the exit code. */
  readonly tellErrors?: (run: () => Promise<number>) => Promise<number>
  /**
   * Do it, and answer with the exit code. Complaints of parsing are in `complaints` already: whoever checks more adds
   * to them and then throws them all.
   */
  run(parsed: Parsed<O>, complaints: Complaints): Promise<number>
}

/** A command as a list of commands has it; its module is evaluated only when it is called. */
export interface CommandRow {
  readonly name: string
  readonly summary: string
  load(): Promise<{ readonly command: Command }>
}

/** Every command's own option. */
export const HELP = { help: flag({ help: 'print this help' }) }

/** Thrown by a command whose arguments ask for the help of another: `rt explain run --help`. */
export class HelpWanted extends Error {
  constructor(readonly command: string) {
    super(`help for ${command} is wanted`)
  }
}

/** Types a command by its options, and adds --help. */
export const defineCommand = <O extends Options>(command: Command<O>): Command<O & typeof HELP> => ({
  ...command,
  options: { ...command.options, ...HELP },
})
