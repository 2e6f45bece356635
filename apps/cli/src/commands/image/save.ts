import { one } from '../../arguments/option.js'
import { isTerminal } from '../../attach/is-terminal.js'
import { forwardSignals } from '../../attach/signals.js'
import { EXIT } from '../../exit-codes.js'
import { storeOptions } from '../../options/store.js'
import { defineCommand } from '../command.js'

const options = {
  output: one({ short: 'o', value: 'FILE', complete: 'file', help: 'write to a file (default stdout)' }),
  ...storeOptions,
}
const STDOUT = 1

/** `rt image save IMAGE...` */
export const command = defineCommand({
  name: 'image save',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  description: [
    'Write images to a tar that docker, podman and skopeo load: an OCI layout with the manifest.json of Docker beside it. The ' +
      'same images give the same bytes.',
  ],
  examples: [['rt image save -o app.tar app:v1', 'to a file']],
  groups: [],
  options,
  complete: [],
  async run({ values, rest }, complaints) {
    const names = rest.filter((word) => word !== '--')
    if (names.length === 0) complaints.add('IMAGE', 'is missing')
    if (values.output === undefined && isTerminal(STDOUT)) {
      complaints.add('--output', 'is missing: a tar is nothing for a terminal', 'use -o FILE, or > FILE')
    }
    complaints.throwIfAny('image save')
    const images = await import('../../images.js')
    const { store, client } = images.openAll(values)
    const signals = forwardSignals()
    try {
      await images.saveTo(values.output, images.saveNamed(store, client, names, signals.abort))
      return EXIT.ok
    } catch (error) {
      throw signals.reason(error)
    } finally {
      signals.stop()
    }
  },
})
