import { flag } from '../../arguments/option.js'
import { EXIT } from '../../exit-codes.js'
import { filterOption, listingOptions } from '../../options/listing.js'
import { storeOptions } from '../../options/store.js'
import { print } from '../../output.js'
import { defineCommand } from '../command.js'

const options = {
  all: flag({ short: 'a', help: 'accepted: rt has no intermediate images' }),
  digests: flag({ help: 'with a column of digests' }),
  quiet: flag({ short: 'q', help: 'IDs only' }),
  ...filterOption,
  ...listingOptions,
  ...storeOptions,
}

/** `rt image ls` */
export const command = defineCommand({
  name: 'image ls',
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  operands: 1,
  description: [
    'List the images of the store, the newest first. SIZE is what an image takes in the store: compressed, as it was pulled.',
  ],
  examples: [
    ["rt image ls --format '{{.Repository}}:{{.Tag}} {{.Size}}'", 'in words of your own'],
    ['rt image ls --filter label=maintainer', 'those with a label'],
  ],
  groups: [],
  options,
  complete: [],
  async run({ values, rest }, complaints) {
    const [pattern] = rest.filter((word) => word !== '--')
    complaints.throwIfAny('image ls')
    const images = await import('../../images.js')
    const { filter } = complaints.settled('image ls', {
      filter: complaints.try('--filter', () => images.filterOf(values.filter, images.IMAGE_FILTERS)),
    })
    const { store } = images.openAll(values)
    const noTrunc = values['no-trunc'] ?? false
    const { rows } = images.listedImages(store, { noTrunc, filter, pattern })
    const digest = values.digests ? '{{.Digest}}\t' : ''
    const usual = `{{.Repository}}\t{{.Tag}}\t${digest}{{.ID}}\t{{.CreatedSince}}\t{{.Size}}`
    if (values.quiet && values.format === undefined) print([...new Set(rows.map(({ ID }) => `${ID}\n`))].join(''))
    else {
      const { text } = complaints.settled('image ls', {
        text: complaints.try('--format', () =>
          images.formatRows(values.format ?? 'table', images.IMAGE_TITLES, rows, usual),
        ),
      })
      print(text)
    }
    return EXIT.ok
  },
})
