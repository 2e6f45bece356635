import { flag } from '../../arguments/option.js'
import { forwardSignals } from '../../attach/signals.js'
import { EXIT } from '../../exit-codes.js'
import { storeOptions } from '../../options/store.js'
import { print, printJson } from '../../output.js'
import { defineCommand } from '../command.js'

const options = {
  repair: flag({ help: 'remove what is bad, so that a new pull brings it anew' }),
  json: flag({ help: 'print what was found as JSON' }),
  ...storeOptions,
}

/** `rt image check` */
export const command = defineCommand({
  name: 'image check',
  usage: '[OPTIONS]',
  operands: 0,
  description: [
    'Read all of the store: whether each blob is what its name says, each image whole, each name still there. Exits with 1 ' +
      'if something is wrong, and was not repaired.',
  ],
  examples: [['rt image check --repair', 'take away what is damaged']],
  groups: [],
  options,
  async run({ values }, complaints) {
    complaints.throwIfAny('image check')
    const images = await import('../../images.js')
    const { store } = images.openAll(values)
    const signals = forwardSignals()
    try {
      const problems = await images.checkStore(store, { repair: values.repair ?? false, signal: signals.abort })
      if (values.json) printJson(problems)
      else if (problems.length === 0) print(`${store.layout} is sound\n`)
      else
        print(
          problems.map((each) => `${each.subject}: ${each.message}${each.repaired ? ' (repaired)' : ''}\n`).join(''),
        )
      return problems.every(({ repaired }) => repaired) ? EXIT.ok : EXIT.checkFailed
    } catch (error) {
      throw signals.reason(error)
    } finally {
      signals.stop()
    }
  },
})
