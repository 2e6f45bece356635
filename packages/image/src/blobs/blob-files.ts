import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Places } from '../store/places.js'
import { isDigest, splitDigest } from './digest.js'

/** Where a layout keeps a blob (image-spec "image-layout.md"). @throws RtError RT_INVALID_OPTION for what is no digest */
export function blobPath({ blobs }: Pick<Places, 'blobs'>, digest: string): string {
  const { algorithm, hex } = splitDigest(digest)
  return join(blobs, algorithm, hex)
}

/** Bytes of a blob that is there; undefined: it isn't. */
export function sizeOfBlob(places: Pick<Places, 'blobs'>, digest: string): number | undefined {
  const status = statSync(blobPath(places, digest), { throwIfNoEntry: false })
  return status?.isFile() ? status.size : undefined
}

export interface BlobFile {
  readonly digest: string
  readonly path: string
  /** Bytes. */
  readonly size: number
}

/** All blobs. What has no digest as its name is another's, and none. */
export function* allBlobs({ blobs }: Pick<Places, 'blobs'>): Generator<BlobFile> {
  for (const algorithm of namesIn(blobs)) {
    for (const hex of namesIn(join(blobs, algorithm))) {
      const digest = `${algorithm}:${hex}`
      if (!isDigest(digest)) continue
      const path = join(blobs, algorithm, hex)
      const status = statSync(path, { throwIfNoEntry: false })
      if (status) yield { digest, path, size: status.size }
    }
  }
}

/** Nothing for what is not there, or is no directory. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}
