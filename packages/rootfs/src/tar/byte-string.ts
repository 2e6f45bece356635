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

/** The bytes and a NUL, as a system call takes them. */
export const nulTerminated = (name: ByteString): Buffer => Buffer.from(`${name}\0`, 'latin1')

/** What the bytes say if they are UTF-8; U+FFFD stands for those that are not. For people, not for look-ups. */
export const decodeByteString = (name: ByteString): string => Buffer.from(name, 'latin1').toString('utf8')

/** A byte string in quotes, for a message: control characters escaped, at most 120 characters. */
export function quoteByteString(name: ByteString): string {
  const text = decodeByteString(name)
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 117)}…` : text)
}
