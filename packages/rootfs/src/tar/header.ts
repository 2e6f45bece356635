import { type ByteString, toByteString } from './byte-string.js'
import { FieldError, parseNumberField } from './number-field.js'

export const BLOCK = 512

/**
 * One header block, decoded but not interpreted. Offsets: `struct posix_header` in tar(5), the same in all formats; what
 * follows byte 345 depends on the magic.
 */
export interface TarHeader {
  readonly format: 'v7' | 'ustar' | 'gnu'
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

/** Magic and version; POSIX's version is "00", which some writers leave empty. */
const USTAR = 'ustar\0'
const GNU = 'ustar  \0'
const STAR_TRAILER = 'tar\0'

/**
 * Which of the formats a header is in: what follows byte 329 depends on it.
 *
 * @throws FieldError for a magic that only some readers know
 */
function headerFormat(text: ByteString): TarHeader['format'] {
  const magic = text.slice(257, 265)
  if (magic.startsWith(USTAR)) return 'ustar'
  if (magic === GNU) return 'gnu'
  if (!magic.startsWith('ustar')) return 'v7'
  throw new FieldError(`unknown magic ${JSON.stringify(magic)}: readers disagree on whether it is ustar`)
}

/**
 * ustar's prefix of the name. star's own format, told by its trailer, has times in the prefix's last 24 bytes: where it
 * needs all of the 131 that are left, other readers go on into them.
 *
 * @throws FieldError
 */
function ustarPrefix(text: ByteString): ByteString {
  if (text.endsWith(STAR_TRAILER) && text[345 + 130] !== '\0') {
    throw new FieldError('a name too long for star’s format: readers disagree on where its prefix ends')
  }
  return parseString(text, 345, 155)
}

/** An octal time, as Go reads it. */
const OCTAL_TIME = /^ *[0-7]*(?:\0.*|[ \0]*)$/s

/**
 * Go before 1.8 wrote GNU's magic and a ustar prefix, where GNU has the times of access and change. Go's reader, so
 * Docker, still takes for a prefix what is no time there; all others don't: the entry has two names.
 *
 * @throws FieldError
 */
function checkGnuTimes(text: ByteString): void {
  if (text[345] === '\0') return // Go then has no prefix either
  for (const [start, end] of [
    [345, 357],
    [357, 369],
  ] as const) {
    const field = text.slice(start, end)
    if (field[0]! < '\x80' && field[0] !== '\0' && !OCTAL_TIME.test(field)) {
      throw new FieldError('a GNU header with a ustar prefix: readers disagree on whether it is part of the name')
    }
  }
}

/**
 * Decodes the 512 bytes at `start`.
 *
 * @throws FieldError if the checksum or a field is bad
 */
export function decodeHeader(block: Uint8Array, start: number): TarHeader {
  verifyChecksum(block, start)
  const text = toByteString(block, start, start + BLOCK)
  const format = headerFormat(text)
  let name = parseString(text, 0, 100)
  if (format === 'ustar') {
    const prefix = ustarPrefix(text)
    if (prefix !== '' && name === '') throw new FieldError('a prefix of the name, and no name') // a directory for some
    if (prefix !== '') name = `${prefix}/${name}`
  } else if (format === 'gnu') {
    checkGnuTimes(text)
    // libarchive takes the map, and the block that it may say follows, whatever the type.
    if (text[156] !== 'S' && !isZeroBlock(block, start + 386, 495 - 386)) {
      throw new FieldError('a sparse map in the header of what is no sparse file')
    }
  }
  const hasDevice = format !== 'v7'
  return {
    format,
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
