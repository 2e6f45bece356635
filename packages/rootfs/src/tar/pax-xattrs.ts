import { type ByteString, toByteString } from './byte-string.js'
import { FieldError } from './number-field.js'
import { type PaxRecord, SCHILY_XATTR } from './pax-records.js'

/** libarchive's keyword: the name percent-encoded, the value in base64. bsdtar writes both unless told otherwise. */
const LIBARCHIVE_XATTR = 'LIBARCHIVE.xattr.'

export const isXattr = (keyword: ByteString): boolean =>
  keyword.startsWith(SCHILY_XATTR) || keyword.startsWith(LIBARCHIVE_XATTR)

/**
 * The extended attributes of one extended header, star's over libarchive's: those are what every reader that knows
 * attributes at all takes.
 *
 * @throws FieldError for a name or value that is malformed
 */
export function parseXattrs(records: readonly PaxRecord[]): Map<ByteString, Uint8Array> {
  const [libarchive, star] = [new Map<ByteString, Uint8Array>(), new Map<ByteString, Uint8Array>()]
  for (const { keyword, value } of records) {
    if (keyword.startsWith(SCHILY_XATTR)) add(star, keyword.slice(SCHILY_XATTR.length), value)
    else if (keyword.startsWith(LIBARCHIVE_XATTR)) {
      add(libarchive, decodeName(keyword.slice(LIBARCHIVE_XATTR.length)), decodeValue(keyword, value))
    }
  }
  return new Map([...libarchive, ...star])
}

function add(xattrs: Map<ByteString, Uint8Array>, name: ByteString, value: Uint8Array): void {
  if (name === '' || name.includes('\0')) {
    throw new FieldError('bad extended header: an extended attribute without a name, or with a NUL in it')
  }
  const before = xattrs.get(name)
  // Go takes the last, libarchive the first.
  if (before && Buffer.compare(before, value) !== 0) {
    throw new FieldError(`bad extended header: two values of the extended attribute ${JSON.stringify(name)}`)
  }
  xattrs.set(name, value)
}

function decodeName(encoded: ByteString): ByteString {
  return encoded.replace(/%(.{0,2})/gs, (whole, hex: string) => {
    if (!/^[\da-f]{2}$/i.test(hex)) {
      throw new FieldError(`bad extended header: ${JSON.stringify(whole)} in the name of an extended attribute`)
    }
    return String.fromCharCode(Number.parseInt(hex, 16))
  })
}

function decodeValue(keyword: ByteString, value: Uint8Array): Uint8Array {
  const text = toByteString(value)
  if (!/^[A-Za-z\d+/]*={0,2}$/.test(text)) {
    throw new FieldError(`bad extended header: the value of ${JSON.stringify(keyword)} is not base64`)
  }
  return new Uint8Array(Buffer.from(text, 'base64'))
}
