import { EXIT } from '../../exit-codes.js'
import { storeOptions } from '../../options/store.js'
import { defineCommand } from '../command.js'

/** `rt image tag IMAGE NAME` */
export const command = defineCommand({
  name: 'image tag',
  usage: '[OPTIONS] IMAGE NAME[:TAG]',
  operands: 2,
  description: ['Give an image one more name. What had the name before loses it.'],
  examples: [['rt image tag debian:bookworm localhost:5000/debian:v1', 'a name to push it to']],
  groups: [],
  options: storeOptions,
  complete: [],
  async run({ values, rest }, complaints) {
    const [image, given] = rest.filter((word) => word !== '--')
    if (image === undefined) complaints.add('IMAGE', 'is missing')
    if (given === undefined) complaints.add('NAME', 'is missing')
    if (given?.includes('@')) complaints.add('NAME', `${JSON.stringify(given)} has a digest: that names one image only`)
    const { text, name } = complaints.settled('image tag', { text: image, name: given })
    const images = await import('../../images.js')
    const { store, client } = images.openAll(values)
    using lease = images.holdInStore(store)
    lease.holdBlobs([images.imageOf(store, client, text).digest])
    // Looked up again, now that it can't go away.
    images.tagImage(store, images.imageOf(store, client, text), images.ownName(client, name))
    return EXIT.ok
  },
})
