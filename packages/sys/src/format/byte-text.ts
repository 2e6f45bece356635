/**
 * Arguments, variables and names of files are bytes, and not all of them are UTF-8. Where they go through strings, a byte
 * that belongs to no UTF-8 sequence stands as a lone surrogate, U+DC80 … U+DCFF (as in Python, PEP 383): different bytes
 * stay different, text stays text, ASCII means ASCII, and {@link textBytes} gives the bytes back.
 */
export function textFromBytes(bytes: Uint8Array): string {
  try {
    return decode(bytes)
  } catch {
    return fromMixed(bytes)
  }
}

/** Made when it is first needed: Node takes a while to. */
let utf8: InstanceType<typeof TextDecoder> | undefined

/** @throws TypeError for bytes that are not UTF-8 */
function decode(bytes: Uint8Array): string {
  utf8 ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return utf8.decode(bytes)
}

const ESCAPE = 0xdc00

/** The longest valid sequence at each place, else one escaped byte. */
function fromMixed(bytes: Uint8Array): string {
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at)
    text += length ? decode(bytes.subarray(at, at + length)) : String.fromCharCode(ESCAPE + (bytes[at] as number))
    at += length || 1
  }
  return text
}

function sequenceLength(bytes: Uint8Array, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    try {
      decode(bytes.subarray(at, at + length))
      return length
    } catch {
      // Not a whole sequence yet.
    }
  }
  return 0
}

const LONE_SURROGATE = /[\ud800-\udfff]/u
const ESCAPED_BYTE = /([\udc80-\udcff])/u

/** Is every character one that UTF-8 has: no byte that {@link textFromBytes} escaped? */
export const isUtf8 = (text: string): boolean => !LONE_SURROGATE.test(text)

/** The bytes of a text in which escaped ones may stand; undefined for half a surrogate pair that stands for no byte. */
export function bytesOfText(text: string): Buffer | undefined {
  if (isUtf8(text)) return Buffer.from(text)
  const parts: Buffer[] = []
  for (const part of text.split(ESCAPED_BYTE)) {
    const code = part.length === 1 ? part.charCodeAt(0) : 0
    if (code >= 0xdc80 && code <= 0xdcff) parts.push(Buffer.of(code - ESCAPE))
    else if (isUtf8(part)) parts.push(Buffer.from(part))
    else return undefined
  }
  return Buffer.concat(parts)
}
