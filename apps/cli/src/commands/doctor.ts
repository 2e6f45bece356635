import { flag } from '../arguments/option.js'
import { thisHost } from '../doctor/host.js'
import { checkHost, formatChecks } from '../doctor/report.js'
import { EXIT } from '../exit-codes.js'
import { print, printJson } from '../output.js'
import { defineCommand } from './command.js'

/** `rt doctor` */
export const command = defineCommand({
  name: 'doctor',
  usage: '[--json]',
  operands: 0,
  description: [
    'Look at what this host offers to containers, a line each: ok, warn (an option will not work), fail (rt run ' +
      'will not work), and what to do about it. Exits with 1 if something fails.',
  ],
  examples: [],
  groups: [],
  options: { json: flag({ help: 'print the findings as JSON' }) },
  async run({ values }, complaints) {
    complaints.throwIfAny('doctor')
    const checks = checkHost(thisHost())
    if (values.json) printJson(checks)
    else print(formatChecks(checks))
    return checks.some(({ status }) => status === 'fail') ? EXIT.checkFailed : EXIT.ok
  },
})
