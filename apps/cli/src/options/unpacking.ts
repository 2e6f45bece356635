import { invalid } from '../arguments/complaints.js'
import { one, type Values } from '../arguments/option.js'
import { bytes } from '../values/bytes.js'
import { oneOf } from '../values/name.js'
import { positiveNumber, wholeNumber } from '../values/numbers.js'
import { platform } from '../values/platform.js'

const count = wholeNumber(1, 1e9)

/** Which of an image's forms. */
export const imageOptions = {
  platform: one({
    value: 'OS/ARCHITECTURE[/VARIANT]',
    empty: 'unset',
    parse: platform,
    complete: ['linux/amd64', 'linux/arm64'],
    help: "which of an image's forms: linux/arm64 (default: what suits this machine best)",
  }),
}

/** How the layers of an image are kept. */
export const layerOptions = {
  layers: one({
    value: 'erofs|folders|auto',
    parse: oneOf('erofs', 'folders', 'auto'),
    complete: ['erofs', 'folders', 'auto'],
    help: "how an image's layers are kept: not unpacked (Linux 6.12, root), unpacked, or the first where it can be (default auto)",
  }),
}

/** How much an archive may ask for before it is refused. */
export const unpacking = {
  'max-entries': one({ value: 'NUMBER', parse: count, help: 'most files in an archive (default 4000000)' }),
  'max-depth': one({ value: 'NUMBER', parse: count, help: 'most directories above a file (default 256)' }),
  'max-size': one({ value: 'BYTES', parse: size, help: 'most content of an archive (default 256g)' }),
  'max-ratio': one({
    value: 'NUMBER',
    parse: positiveNumber,
    help: 'most uncompressed bytes for a compressed one, after the first 256m (default 1000)',
  }),
}

function size(text: string): number {
  const most = bytes(text)
  if (most === 0) throw invalid('expected more than nothing')
  return most
}

/** Those that were given, by the names of @rt/rootfs. */
export const limitsOf = (values: Values<typeof unpacking>) => {
  const given = {
    entries: values['max-entries'],
    depth: values['max-depth'],
    bytes: values['max-size'],
    ratio: values['max-ratio'],
  }
  return Object.fromEntries(Object.entries(given).filter(([, limit]) => limit !== undefined))
}
