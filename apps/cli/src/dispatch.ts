import { Complaints } from './arguments/complaints.js'
import { parseArguments } from './arguments/parse.js'
import { type Command, HelpWanted } from './commands/command.js'
import { findCommand } from './commands/table.js'
import { EXIT } from './exit-codes.js'
import { print } from './output.js'

/** Find the command that the arguments name, and run it. Answers with the exit code. */
export async function dispatch(argv: readonly string[]): Promise<number> {
  const [word, ...rest] = argv
  if (word === undefined || word === '--help' || word === '-h') return dispatch(['help', ...rest])
  if (word === '--version' || word === '-v') return dispatch(['version', ...rest])
  const found = await findCommand(argv)
  return runCommand(found.command, found.rest)
}

async function runCommand(command: Command, argv: readonly string[]): Promise<number> {
  if (command.subcommands && argv.length === 0) return help(command)
  const complaints = new Complaints()
  const parsed = parseArguments(argv, command.options, complaints)
  if (parsed.values.help) return help(command)
  const { name, operands = Number.POSITIVE_INFINITY } = command
  const extra = parsed.rest.filter((word) => word !== '--').slice(operands)
  if (extra.length > 0) {
    const takes = operands === 0 ? 'no further words' : operands === 1 ? 'only one word' : `only ${operands} words`
    complaints.add('', `rt ${name} takes ${takes}: ${JSON.stringify(extra.join(' '))} is too much`)
  }
  const run = async (): Promise<number> => {
    // Where it is not sure which words are the options' values, nothing can be said about the others.
    if (complaints.unsure || extra.length > 0) complaints.throwIfAny(name)
    return command.run(parsed, complaints)
  }
  try {
    return await (command.tellErrors ? command.tellErrors(run) : run())
  } catch (error) {
    if (error instanceof HelpWanted) return help((await findCommand([error.command])).command)
    throw error
  }
}

async function help(command: Command): Promise<number> {
  const { commandHelp } = await import('./help/command-help.js')
  print(commandHelp(command))
  return EXIT.ok
}
