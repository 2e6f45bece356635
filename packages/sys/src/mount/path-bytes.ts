/**
 * Names are bytes, and not all of them are UTF-8. A path is a string here, in which a byte that belongs to no UTF-8
 * sequence stands as a lone surrogate, U+DC80 … U+DCFF (PEP 383 does the same): different names stay different, and
 * {@link pathBytes} gives the bytes back.
 */
export function pathFromBytes(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    return fromMixed(bytes)
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const ESCAPE = 0xdc00

/** The longest valid sequence at each place, else one escaped byte. */
function fromMixed(bytes: Uint8Array): string {
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at)
    text += length ? utf8.decode(bytes.subarray(at, at + length)) : String.fromCharCode(ESCAPE + (bytes[at] as number))
    at += length || 1
  }
  return text
}

function sequenceLength(bytes: Uint8Array, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    try {
      utf8.decode(bytes.subarray(at, at + length))
      return length
    } catch {
      // Not a whole sequence yet.
    }
  }
  return 0
}

/** The bytes of a path that {@link parseMountinfo} gave, for calls that take a Buffer. */
export function pathBytes(path: string): Buffer {
  const parts: Buffer[] = []
  for (const part of path.split(/([\udc80-\udcff])/u)) {
    const code = part.length === 1 ? part.charCodeAt(0) : 0
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Buffer.of(code - ESCAPE) : Buffer.from(part))
  }
  return Buffer.concat(parts)
}
