import { EXIT } from '../exit-codes.js'
import { commandHelp } from '../help/command-help.js'
import { overview } from '../help/overview.js'
import { print } from '../output.js'
import { defineCommand } from './command.js'
import { COMMANDS, findCommand } from './table.js'

/** `rt help`, `rt help run`, `rt help image ls` */
export const command = defineCommand({
  name: 'help',
  usage: '[COMMAND]',
  operands: 2,
  description: ['Print what a command does and its options; without COMMAND, the list of commands.'],
  examples: [],
  groups: [],
  options: {},
  complete: COMMANDS.map(({ name }) => name),
  async run({ rest }, complaints) {
    complaints.throwIfAny('help')
    if (rest[0] === undefined) print(overview())
    else {
      const found = await findCommand(rest)
      if (found.rest.length > 0) {
        complaints.add('', `rt help takes only one command: ${JSON.stringify(rest.join(' '))} is too much`)
      }
      complaints.throwIfAny('help')
      print(commandHelp(found.command))
    }
    return EXIT.ok
  },
})
