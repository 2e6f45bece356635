/** Thrown by the parsers of fields; {@link TarReader} adds the entry's number, offset and name. */
export class FieldError extends Error {}

const SPACE = 0x20

/**
 * A number field of a header: octal digits (spaces before, NUL or space behind), or, where the first bit is set, GNU's
 * base-256: two's complement, big-endian.
 *
 * @param what the field's name, for the error
 * @throws FieldError on anything else, and beyond 2^53
 */
export function parseNumberField(block: Uint8Array, start: number, length: number, what: string): number {
  return (block[start]! & 0x80) !== 0
    ? parseBase256(block, start, length, what)
    : parseOctal(block, start, length, what)
}

function parseOctal(block: Uint8Array, start: number, length: number, what: string): number {
  const end = start + length
  let at = start
  while (at < end && block[at] === SPACE) at++
  // Go and GNU tar skip a NUL in front, Python and libarchive stop at it: one archive, two sizes, two lists of entries.
  if (block[at] === 0 && !isBlank(block, at, end)) {
    throw new FieldError(`bad ${what}: it begins with a NUL but is not empty, and readers disagree on what that means`)
  }
  let value = 0
  for (; at < end; at++) {
    const byte = block[at]!
    // Whatever follows the terminator is left over from earlier use of the writer's buffer: GNU tar ignores it too.
    if (byte === 0 || byte === SPACE) break
    if (byte < 0x30 || byte > 0x37) {
      const shown = JSON.stringify(Buffer.from(block.subarray(start, end)).toString('latin1').replace(/\0.*$/s, ''))
      throw new FieldError(`bad ${what}: expected octal digits, found ${shown}`)
    }
    value = value * 8 + (byte - 0x30)
  }
  return value
}

function isBlank(block: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (block[at] !== 0 && block[at] !== SPACE) return false
  return true
}

function parseBase256(block: Uint8Array, start: number, length: number, what: string): number {
  const negative = (block[start]! & 0x40) !== 0
  // Bit 7 of the first byte is the mark and not part of the number; bit 6 is the sign.
  let value = negative ? (block[start]! & 0x7f) - 0x80 : block[start]! & 0x7f
  for (let at = start + 1; at < start + length; at++) {
    value = value * 256 + block[at]!
    if (!Number.isSafeInteger(value)) throw new FieldError(`bad ${what}: the base-256 number exceeds 2^53`)
  }
  return value
}

/**
 * A decimal number of an extended header; writers pad it with zeros to know its width beforehand.
 *
 * @throws FieldError unless it is digits only and at most 2^53
 */
export function parseDecimal(text: string, what: string): number {
  const value = /^0*\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) {
    throw new FieldError(
      `bad ${what}: expected a decimal number up to 2^53, found ${JSON.stringify(text.slice(0, 40))}`,
    )
  }
  return value
}
