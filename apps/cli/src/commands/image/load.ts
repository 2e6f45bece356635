import { flag, one } from '../../arguments/option.js'
import { isTerminal } from '../../attach/is-terminal.js'
import { forwardSignals } from '../../attach/signals.js'
import { EXIT } from '../../exit-codes.js'
import { storeOptions } from '../../options/store.js'
import { print } from '../../output.js'
import { defineCommand } from '../command.js'

const options = {
  input: one({ short: 'i', value: 'FILE', complete: 'file', help: 'read from a file (default stdin)' }),
  quiet: flag({ short: 'q', help: 'accepted: no progress is shown' }),
  ...storeOptions,
}
const STDIN = 0

/** `rt image load` */
export const command = defineCommand({
  name: 'image load',
  usage: '[OPTIONS]',
  operands: 0,
  description: [
    'Bring the images of an archive into the store: one that docker save, podman save or rt image save writes, or a tar of an ' +
      'OCI layout; plain, or compressed by gzip or zstd. All of it is checked before an image gets its name.',
  ],
  examples: [
    ['rt image load -i app.tar', 'from a file'],
    ['docker save app | rt image load', 'from a docker'],
  ],
  groups: [],
  options,
  async run({ values }, complaints) {
    if (values.input === undefined && isTerminal(STDIN)) {
      complaints.add('--input', 'is missing: a terminal is no archive', 'use -i FILE, or < FILE')
    }
    complaints.throwIfAny('image load')
    const images = await import('../../images.js')
    const { store, client } = images.openAll(values)
    const signals = forwardSignals()
    try {
      const loaded = await images.loadFrom(store, client, values.input, signals.abort)
      for (const { image, names } of loaded) {
        if (names.length === 0) print(`Loaded image ID: ${image.id}\n`)
        for (const name of names) print(`Loaded image: ${images.familiar(name)}\n`)
      }
      return EXIT.ok
    } catch (error) {
      throw signals.reason(error)
    } finally {
      signals.stop()
    }
  },
})
