import { flag } from '../../arguments/option.js'
import { EXIT } from '../../exit-codes.js'
import { storeOptions } from '../../options/store.js'
import { print } from '../../output.js'
import { defineCommand } from '../command.js'

const options = {
  all: flag({ short: 'a', help: 'images with names, too, unless a container uses them' }),
  force: flag({ short: 'f', help: 'accepted: rt asks nothing' }),
  ...storeOptions,
}

/** `rt image prune` */
export const command = defineCommand({
  name: 'image prune',
  usage: '[OPTIONS]',
  operands: 0,
  description: [
    'Remove what no image and no container needs: images without a name, layers, downloads that were broken off. With --all ' +
      'all images but those of running containers.',
  ],
  examples: [['rt image prune --all', 'remove all images']],
  groups: [],
  options,
  async run({ values }, complaints) {
    complaints.throwIfAny('image prune')
    const images = await import('../../images.js')
    const { store } = images.openAll(values)
    const gone = images.removeNames(store, (entry) => values.all || images.nameOf(entry) === undefined)
    const swept = await images.sweep(store)
    const untagged = gone.flatMap((entry) => images.nameOf(entry) ?? [])
    const lines = [
      ...untagged.map((name) => `untagged: ${images.familiar(name)}`),
      ...swept.blobs.map((digest) => `deleted: ${digest}`),
    ]
    if (lines.length > 0) print(`Deleted Images:\n${lines.join('\n')}\n\n`)
    print(`Total reclaimed space: ${images.humanSize(swept.bytes)}\n`)
    return EXIT.ok
  },
})
