import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { RtError } from '@rt/sys'
import type { Places } from '../store/places.js'
import { blobPath, sizeOfBlob } from './blob-files.js'
import { splitDigest } from './digest.js'

/** Bytes; registries take manifests of up to 4 MiB (distribution-spec, "Pushing Manifests"). */
export const MAX_DOCUMENT = 4 << 20

/**
 * A document of the store, compared with its digest.
 *
 * @throws RtError RT_NOT_FOUND, RT_ARCHIVE for one that is damaged, RT_LIMIT
 */
export function readBlob(places: Pick<Places, 'blobs'>, digest: string): Buffer {
  const size = sizeOfBlob(places, digest)
  if (size === undefined) throw new RtError('RT_NOT_FOUND', `the store has no blob ${digest}`)
  if (size > MAX_DOCUMENT) {
    throw new RtError('RT_LIMIT', `blob ${digest} has ${size} bytes: more than the ${MAX_DOCUMENT} of a document`)
  }
  const bytes = readFileSync(blobPath(places, digest))
  const { algorithm, hex } = splitDigest(digest)
  if (createHash(algorithm).update(bytes).digest('hex') === hex) return bytes
  throw new RtError('RT_ARCHIVE', `blob ${digest} of the store is damaged`, {
    hint: 'rt image check --repair removes it; a new pull brings it back',
  })
}
