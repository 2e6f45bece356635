import { RtError } from '../errors.js'
import { isUtf8 } from '../format/byte-text.js'
import { textBytes } from '../format/text-bytes.js'
import { refuseArgument } from './arguments.js'

/**
 * A path as text (in which bytes that are not UTF-8 may be escaped: see `textFromBytes`), or as bytes (with or without a
 * NUL at the end; with one, nothing is copied).
 */
export type Path = string | Uint8Array

/**
 * A path (or other C string) as the kernel takes it.
 *
 * @throws RtError RT_INVALID_OPTION for a NUL inside, TypeError ERR_INVALID_ARG_TYPE for what is neither text nor bytes
 */
export function cString(text: Path): string | Uint8Array {
  if (typeof text === 'string') return isUtf8(text) ? text : cString(textBytes(text))
  if (!(text instanceof Uint8Array)) refuseArgument('ERR_INVALID_ARG_TYPE', 'a path', 'text or a Uint8Array', text)
  const end = text.indexOf(0)
  if (end >= 0 && end === text.byteLength - 1) return text
  if (end >= 0) {
    throw new RtError('RT_INVALID_OPTION', `expected bytes without a NUL inside, got one at offset ${end}`)
  }
  const terminated = new Uint8Array(text.byteLength + 1)
  terminated.set(text)
  return terminated
}

/**
 * A NUL would end the text early for the kernel: another name than the one that was checked.
 *
 * @throws RtError RT_INVALID_OPTION
 */
export function refuseNul(text: string): never {
  throw new RtError('RT_INVALID_OPTION', `expected text without a NUL byte, got ${JSON.stringify(text)}`)
}
