import { invalid } from '../../arguments/complaints.js'
import { many, one } from '../../arguments/option.js'
import { forwardSignals } from '../../attach/signals.js'
import { EXIT } from '../../exit-codes.js'
import { storeOptions } from '../../options/store.js'
import { imageOptions } from '../../options/unpacking.js'
import { print } from '../../output.js'
import { defineCommand } from '../command.js'

const options = {
  change: many({ short: 'c', value: 'INSTRUCTION', help: "as in a Dockerfile: 'CMD [\"sh\"]', 'ENV A=b'" }),
  message: one({ short: 'm', value: 'TEXT', help: 'for the history of the image' }),
  ...imageOptions,
  ...storeOptions,
}

/** `rt image import FILE NAME` */
export const command = defineCommand({
  name: 'image import',
  usage: '[OPTIONS] FILE|- [NAME[:TAG]]',
  operands: 2,
  description: ['Make an image of a tar of a root file system; plain, or compressed by gzip or zstd. - is stdin.'],
  examples: [['rt image import -c \'CMD ["bash"]\' root.tar.gz debian:mine', 'with a command of its own']],
  groups: [],
  options,
  complete: 'file',
  async run({ values, rest }, complaints) {
    const [file, name] = rest.filter((word) => word !== '--')
    if (file === undefined) complaints.add('FILE', 'is missing')
    if (file !== undefined && /^https?:/.test(file)) {
      complaints.try('FILE', () => {
        throw invalid('rt loads no URL', `curl -fL ${file} | rt image import - ${name ?? 'NAME'}`)
      })
    }
    complaints.throwIfAny('image import')
    const images = await import('../../images.js')
    const { config } = complaints.settled('image import', {
      config: complaints.try('--change', () => images.configOf(values.change)),
    })
    const { store, client } = images.openAll(values)
    const whole = name === undefined ? undefined : images.ownName(client, name)
    const signals = forwardSignals()
    try {
      const { id } = await images.withFile(store, file, signals.abort, (path) =>
        images.importImage(store, path, {
          config,
          signal: signals.abort,
          ...(whole === undefined ? {} : { name: whole }),
          ...(values.message === undefined ? {} : { message: values.message }),
          ...(values.platform === undefined ? {} : { platform: values.platform }),
        }),
      )
      print(`${id}\n`)
      return EXIT.ok
    } catch (error) {
      throw signals.reason(error)
    } finally {
      signals.stop()
    }
  },
})
