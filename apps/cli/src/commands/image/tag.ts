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
    const [text, name] = rest.filter((word) => word !== '--')
    if (text === undefined) complaints.add('IMAGE', 'is missing')
    if (name === undefined) complaints.add('NAME', 'is missing')
    if (name?.includes('@')) complaints.add('NAME', `${JSON.stringify(name)} has a digest: that names one image only`)
    complaints.throwIfAny('image tag')
    const images = await import('../../images.js')
    const { store, client } = images.openAll(values)
    using lease = images.holdInStore(store)
    const image = images.imageOf(store, client, text as string)
    lease.holdBlobs([image.digest])
    images.tagImage(store, images.imageOf(store, client, text as string), images.ownName(client, name as string))
    return EXIT.ok
  },
})
