import { EXIT } from '../exit-codes.js'
import { commandHelp } from '../help/command-help.js'
import { overview } from '../help/overview.js'
import { print } from '../output.js'
import { defineCommand } from './command.js'
import { COMMANDS, loadCommand } from './table.js'

/** `rt help`, `rt help run` */
export const command = defineCommand({
  name: 'help',
  usage: '[COMMAND]',
  operands: 1,
  description: ['Print what a command does and its options; without COMMAND, the list of commands.'],
  examples: [],
  groups: [],
  options: {},
  complete: COMMANDS.map(({ name }) => name),
  async run({ rest }, complaints) {
    complaints.throwIfAny('help')
    print(rest[0] === undefined ? overview() : commandHelp(await loadCommand(rest[0])))
    return EXIT.ok
  },
})
