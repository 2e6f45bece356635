import { type ByteString, toByteString } from './byte-string.js'
import { FieldError, parseNumberField } from './number-field.js'

export const BLOCK = 512

/**
 * One header block, decoded but not interpreted. Offsets: `struct posix_header` in tar(5), the same in all formats; what
 * follows byte 345 depends on the magic.
 */
export interface TarHeader {
  readonly type: string
  readonly name: ByteString
  readonly linkName: ByteString
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtime: number
  readonly major: number
  readonly minor: number
}

/** A string field: up to its first NUL, or all of it. */
function parseString(text: ByteString, start: number, length: number): ByteString {
  const end = text.indexOf('\0', start)
  return text.slice(start, end < 0 ? start + length : Math.min(end, start + length))
}

/** True if the block is all zeros: an end-of-archive mark. */
export function isZeroBlock(block: Uint8Array, start: number, length = BLOCK): boolean {
  for (let at = start; at < start + length; at++) if (block[at] !== 0) return false
  return true
}

/**
 * The sum of the header's bytes, the checksum field itself counted as spaces. Some old writers summed signed chars: both
 * sums are accepted, as every reader does.
 *
 * @throws FieldError if neither fits
 */
function verifyChecksum(block: Uint8Array, start: number): void {
  let unsigned = 8 * 0x20
  let high = 0
  for (let at = start; at < start + 148; at++) {
    const byte = block[at]!
    unsigned += byte
    high += byte >> 7
  }
  for (let at = start + 156; at < start + BLOCK; at++) {
    const byte = block[at]!
    unsigned += byte
    high += byte >> 7
  }
  const stored = parseNumberField(block, start + 148, 8, 'header checksum')
  if (stored !== unsigned && stored !== unsigned - 256 * high) {
    throw new FieldError(`bad header checksum: expected ${unsigned}, found ${stored}`)
  }
}

const USTAR = 'ustar\0'
const STAR_TRAILER = 'tar\0'

/**
 * Decodes the 512 bytes at `start`.
 *
 * @throws FieldError if the checksum or a field is bad
 */
export function decodeHeader(block: Uint8Array, start: number): TarHeader {
  verifyChecksum(block, start)
  const text = toByteString(block, start, start + BLOCK)
  const magic = text.slice(257, 263)
  let name = parseString(text, 0, 100)
  // GNU's magic is "ustar  ": there these bytes are times and the sparse map. V7 has neither. star's own format has a
  // shorter prefix, and times behind it.
  if (magic === USTAR) {
    const prefix = parseString(text, 345, text.endsWith(STAR_TRAILER) ? 131 : 155)
    if (prefix !== '') name = `${prefix}/${name}`
  }
  const hasDevice = magic.startsWith('ustar')
  return {
    type: text[156]!,
    name,
    linkName: parseString(text, 157, 100),
    mode: parseNumberField(block, start + 100, 8, 'mode'),
    uid: parseNumberField(block, start + 108, 8, 'owner'),
    gid: parseNumberField(block, start + 116, 8, 'group'),
    size: parseNumberField(block, start + 124, 12, 'size'),
    mtime: parseNumberField(block, start + 136, 12, 'modification time'),
    major: hasDevice ? parseNumberField(block, start + 329, 8, 'device major number') : 0,
    minor: hasDevice ? parseNumberField(block, start + 337, 8, 'device minor number') : 0,
  }
}
