import { type ByteString, toByteString } from './byte-string.js'
import { FieldError } from './number-field.js'

/** One record of an extended header: the keyword, and the value's bytes. */
export interface PaxRecord {
  readonly keyword: ByteString
  readonly value: Uint8Array
}

/** star's keyword for an extended attribute, which GNU tar, Go and Docker use: the name as it is, the value's bytes. */
export const SCHILY_XATTR = 'SCHILY.xattr.'

/** Digits of a record's length: more than any length has, for writers that put zeros before it. */
const MOST_DIGITS = 20

/**
 * The records of a pax extended header, `LENGTH KEYWORD=VALUE\n` each, in their order (pax(1), "pax Extended Header").
 *
 * @throws FieldError if a length lies, or a NUL stands where readers disagree about what follows it (CVE-2026-59875)
 */
export function parsePaxRecords(data: Uint8Array): PaxRecord[] {
  const records: PaxRecord[] = []
  let at = 0
  while (at < data.length) {
    let digits = at
    let length = 0
    while (digits < data.length && digits - at < MOST_DIGITS && data[digits]! >= 0x30 && data[digits]! <= 0x39) {
      length = length * 10 + (data[digits++]! - 0x30)
    }
    const end = at + length
    if (digits === at || data[digits] !== 0x20 || end > data.length || end < digits + 3 || data[end - 1] !== 0x0a) {
      throw new FieldError(`bad extended header: no record of the form "LENGTH KEYWORD=VALUE" at its byte ${at}`)
    }
    const equals = data.indexOf(0x3d, digits + 1)
    if (equals < 0 || equals >= end || equals === digits + 1) {
      throw new FieldError(`bad extended header: the record at its byte ${at} has no keyword`)
    }
    const keyword = toByteString(data, digits + 1, equals)
    // Copied: the reader's buffer is used again.
    const value = data.slice(equals + 1, end - 1)
    // Attribute values are bytes of any kind; all else is text, in which a NUL would end a C string early.
    if (keyword.includes('\0') || (!keyword.startsWith(SCHILY_XATTR) && value.includes(0))) {
      throw new FieldError(`bad extended header: ${JSON.stringify(keyword)} holds a NUL`)
    }
    records.push({ keyword, value })
    at = end
  }
  return records
}
