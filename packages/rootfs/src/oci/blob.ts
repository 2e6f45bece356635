import { join } from 'node:path'
import { RtError } from '@rt/sys'
import { type Digest, DigestVerifier, formatDigest } from '../digest/digest.js'
import { openRegular } from '../unpack/archive.js'
import type { Descriptor } from './descriptor.js'

/** Bytes of a document that is read into memory; registries accept manifests up to 4 MiB (distribution-spec). */
const MAX_DOCUMENT = 4 << 20

/** Where a layout keeps a blob. A digest's parts are an algorithm we know and hex digits: the path can't lead elsewhere. */
export const blobPath = (layout: string, { algorithm, hex }: Digest): string => join(layout, 'blobs', algorithm, hex)

/**
 * The bytes of a file of a layout.
 *
 * @throws RtError RT_LIMIT if it is larger than a document may be
 */
export async function readDocument(path: string, expectedSize?: number): Promise<Buffer> {
  const { handle, size } = await openRegular(path)
  try {
    const quoted = JSON.stringify(path)
    if (expectedSize !== undefined && size !== expectedSize) {
      throw new RtError('RT_ARCHIVE', `${quoted} is damaged: expected ${expectedSize} bytes, found ${size}`)
    }
    if (size > MAX_DOCUMENT) {
      throw new RtError('RT_LIMIT', `${quoted} has ${size} bytes: more than the ${MAX_DOCUMENT} a document may have`)
    }
    const bytes = Buffer.alloc(size)
    const { bytesRead } = await handle.read(bytes, 0, size, 0)
    return bytes.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/**
 * A blob that is a document, verified.
 *
 * @throws RtError RT_ARCHIVE if size or digest differ, RT_NOT_FOUND if the layout hasn't got it
 */
export async function readBlob(layout: string, { digest, size }: Descriptor): Promise<Buffer> {
  const bytes = await readDocument(blobPath(layout, digest), size)
  const verifier = new DigestVerifier(digest, `blob ${formatDigest(digest)}`)
  verifier.update(bytes)
  verifier.verify()
  return bytes
}
