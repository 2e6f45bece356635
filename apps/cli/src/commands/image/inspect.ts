import { RtError } from '@rt/sys'
import { one } from '../../arguments/option.js'
import { EXIT } from '../../exit-codes.js'
import { storeOptions } from '../../options/store.js'
import { print, printJson } from '../../output.js'
import { defineCommand } from '../command.js'

const options = {
  format: one({ short: 'f', value: 'FORMAT', help: 'json, or a template of Go such as {{.Config.Env}}' }),
  ...storeOptions,
}

/** `rt image inspect IMAGE...` */
export const command = defineCommand({
  name: 'image inspect',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  description: ['Print all that is known of images, as a list in JSON with the fields that Docker has.'],
  examples: [['rt image inspect debian:bookworm', 'its configuration, layers, digests']],
  groups: [],
  options,
  complete: [],
  async run({ values, rest }, complaints) {
    const names = rest.filter((word) => word !== '--')
    if (names.length === 0) complaints.add('IMAGE', 'is missing')
    complaints.throwIfAny('image inspect')
    const images = await import('../../images.js')
    const { store, client } = images.openAll(values)
    const found: unknown[] = []
    let missing: RtError | undefined
    for (const name of names) {
      try {
        found.push(images.inspected(store, images.imageOf(store, client, name)))
      } catch (error) {
        if (!RtError.isInstance(error) || error.kind !== 'RT_NOT_FOUND') throw error
        missing ??= error
      }
    }
    // What there is is printed all the same, as Docker does.
    const { format } = values
    if (format === undefined || format === 'json') printJson(found)
    else {
      const { lines } = complaints.settled('image inspect', {
        lines: complaints.try('--format', () => found.map(images.parseTemplate(format))),
      })
      print(lines.map((line) => `${line}\n`).join(''))
    }
    if (missing) throw missing
    return EXIT.ok
  },
})
