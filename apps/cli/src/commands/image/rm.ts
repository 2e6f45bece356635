import { RtError } from '@rt/sys'
import { flag } from '../../arguments/option.js'
import { EXIT } from '../../exit-codes.js'
import { storeOptions } from '../../options/store.js'
import { print } from '../../output.js'
import { warnAbout } from '../../progress/warn.js'
import { defineCommand } from '../command.js'

const options = {
  force: flag({ short: 'f', help: 'all names of an image that is given by its ID; no error for what is not there' }),
  ...storeOptions,
}

/** `rt image rm IMAGE...` */
export const command = defineCommand({
  name: 'image rm',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  description: [
    'Take names away from images. What no other name needs is removed, unless a container uses it: then as soon as it has ' +
      'ended, by the next rm or prune.',
  ],
  examples: [['rt image rm app:v1 app:v2', 'two names']],
  groups: [],
  options,
  complete: [],
  async run({ values, rest }, complaints) {
    const names = rest.filter((word) => word !== '--')
    if (names.length === 0) complaints.add('IMAGE', 'is missing')
    complaints.throwIfAny('image rm')
    const images = await import('../../images.js')
    const { store, client } = images.openAll(values)
    let code: number = EXIT.ok
    let hasRemoved = false
    for (const text of names) {
      try {
        const untagged = images.removeImage(store, client, text, values.force ?? false)
        print(untagged.map((name) => `Untagged: ${images.familiar(name)}\n`).join(''))
        hasRemoved = true
      } catch (error) {
        const isMissing = RtError.isInstance(error) && error.kind === 'RT_NOT_FOUND'
        if (isMissing && values.force) continue
        if (!RtError.isInstance(error) || names.length === 1) throw error
        warnAbout([error.message])
        code = EXIT.checkFailed
      }
    }
    if (hasRemoved) {
      const { blobs } = await images.sweep(store)
      print(blobs.map((digest) => `Deleted: ${digest}\n`).join(''))
    }
    return code
  },
})
