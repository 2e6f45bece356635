import { flag } from '../../arguments/option.js'
import { EXIT } from '../../exit-codes.js'
import { listingOptions } from '../../options/listing.js'
import { storeOptions } from '../../options/store.js'
import { print } from '../../output.js'
import { defineCommand } from '../command.js'

const options = {
  human: flag({ short: 'H', help: 'sizes in units (default true)' }),
  quiet: flag({ short: 'q', help: 'IDs only' }),
  ...listingOptions,
  ...storeOptions,
}

/** `rt image history IMAGE` */
export const command = defineCommand({
  name: 'image history',
  usage: '[OPTIONS] IMAGE',
  operands: 1,
  description: ['Print how an image was made, the last step first, with what each layer takes in the store.'],
  examples: [['rt image history --no-trunc debian:bookworm', 'commands whole']],
  groups: [],
  options,
  complete: [],
  async run({ values, rest }, complaints) {
    const [given] = rest.filter((word) => word !== '--')
    if (given === undefined) complaints.add('IMAGE', 'is missing')
    const { name } = complaints.settled('image history', { name: given })
    const images = await import('../../images.js')
    const { store, client } = images.openAll(values)
    const image = images.imageOf(store, client, name)
    const rows = images.historyRows(image, values['no-trunc'] ?? false, values.human ?? true)
    const usual = '{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}'
    const format = values.format ?? (values.quiet ? '{{.ID}}' : 'table')
    const { text } = complaints.settled('image history', {
      text: complaints.try('--format', () => images.formatRows(format, images.HISTORY_TITLES, rows, usual)),
    })
    print(text)
    return EXIT.ok
  },
})
