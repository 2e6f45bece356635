import { toByteString } from '../../src/tar/byte-string.js'
import { decodeHeader, type TarHeader } from '../../src/tar/header.js'
import { FieldError } from '../../src/tar/number-field.js'

/** A block of an archive that is a header, or could be taken for one. */
export type FoundHeader = TarHeader & { readonly text: string; readonly payload: string }

/** All blocks that are headers by their checksum, content that looks like one among them. */
export function headersOf(archive: Uint8Array): FoundHeader[] {
  const found: FoundHeader[] = []
  for (let at = 0; at + 512 <= archive.length; at += 512) {
    try {
      const header = decodeHeader(archive, at)
      const end = at + 512 + Math.max(0, header.size)
      found.push({
        ...header,
        text: toByteString(archive, at, at + 512),
        payload: toByteString(archive, at + 512, Math.min(end, archive.length)),
      })
    } catch (error) {
      if (!(error instanceof FieldError)) throw error
    }
  }
  return found
}
