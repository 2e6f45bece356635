import { quote } from '@rt/sys'

/**
 * A name or path as Linux has them: bytes without NUL, in no particular encoding. It is kept as a string with one
 * character (U+0000–U+00FF) per byte, which compares and serves as a key byte by byte and loses nothing when the bytes
 * are not UTF-8.
 */
export type ByteString = string

/** The bytes of a part of memory as a byte string. */
export const toByteString = (bytes: Uint8Array, start = 0, end = bytes.length): ByteString =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', start, end)

/** A JavaScript string, as UTF-8. */
export const encodeByteString = (text: string): ByteString => Buffer.from(text, 'utf8').toString('latin1')

/** A byte string in quotes, for a message: what a terminal would obey is escaped, bytes that are not UTF-8 are octal. */
export const quoteByteString = (name: ByteString): string => quote(Buffer.from(name, 'latin1'), 120)
