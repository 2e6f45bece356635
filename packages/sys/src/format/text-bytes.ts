import { RtError } from '../errors.js'
import { bytesOfText } from './byte-text.js'

/**
 * The bytes of a text in which escaped ones may stand (`textFromBytes`): for calls that take a Buffer.
 *
 * @throws RtError RT_INVALID_OPTION for half a surrogate pair that stands for no byte: UTF-8 has nothing for it
 */
export function textBytes(text: string): Buffer {
  const bytes = bytesOfText(text)
  if (bytes) return bytes
  throw new RtError('RT_INVALID_OPTION', `half a surrogate pair in ${JSON.stringify(text.slice(0, 200))}`, {
    hint: 'it stands for no character: text must be well-formed UTF-16',
  })
}
