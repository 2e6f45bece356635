import { RtError } from '@rt/sys'
import type { BlobDescriptor } from '../pull/blob.js'
import { hashOf } from '../reference/digest.js'

/** A blob to push. */
export interface BlobContent extends BlobDescriptor {
  /** Its bytes from the beginning; called again for every attempt. */
  readonly open: () => AsyncIterable<Uint8Array>
}

/**
 * The content's bytes, compared with what they are said to be: the last ones are given only when all are right, so that a
 * file that changed under our hands isn't pushed under the digest of what it was.
 *
 * @throws RtError RT_ARCHIVE
 */
export async function* checkedContent({ digest, size, open }: BlobContent): AsyncGenerator<Uint8Array> {
  const hash = hashOf(digest)
  let at = 0
  let last: Uint8Array | undefined
  for await (const chunk of open()) {
    at += chunk.length
    if (at > size)
      throw new RtError('RT_ARCHIVE', `the content of ${digest} is longer than the ${size} bytes it is said to have`)
    hash.update(chunk)
    if (last) yield last
    last = chunk
  }
  if (at < size)
    throw new RtError('RT_ARCHIVE', `the content of ${digest} has ${at} bytes, and is said to have ${size}`)
  const found = `${digest.slice(0, digest.indexOf(':'))}:${hash.digest('hex')}`
  if (found !== digest) throw new RtError('RT_ARCHIVE', `the content of ${digest} has the digest ${found}`)
  if (last) yield last
}

/** The same bytes in pieces of one size; the last one may be shorter. */
export async function* inPieces(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of source) {
    let rest = chunk
    while (length + rest.length >= size) {
      const fits = size - length
      yield Buffer.concat([...parts, rest.subarray(0, fits)])
      parts = []
      length = 0
      rest = rest.subarray(fits)
    }
    if (rest.length > 0) parts.push(rest)
    length += rest.length
  }
  if (length > 0) yield Buffer.concat(parts)
}
