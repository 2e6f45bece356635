import { createReadStream, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readDocument } from '@rt/registry'
import { type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'
import { ingest } from '../blobs/ingest.js'
import { put } from '../blobs/put.js'
import { putNameless } from '../images/change-names.js'
import { describeImage } from '../images/image-info.js'
import { Lease } from '../leases/lease.js'
import type { Entry } from '../names/descriptor.js'
import { type ImageStore, placesOf } from '../store/open-store.js'
import type { LoadedImage } from './load-images.js'

export interface LoadDirectoryOptions {
  readonly signal?: AbortSignal
}

const OPTIONS: OptionKeys<LoadDirectoryOptions> = { signal: true }

/**
 * Brings the image of a directory into the store that skopeo wrote as `dir:`: a manifest.json, and each blob under the hex
 * digits of its digest. It has no name there, and none then.
 *
 * @param lease holds what is loaded, beyond this call
 * @throws RtError RT_NOT_FOUND, RT_ARCHIVE, RT_UNSAFE; the signal's reason
 */
export async function loadDirectory(
  store: ImageStore,
  path: string,
  options: LoadDirectoryOptions = {},
  lease?: Lease,
): Promise<LoadedImage> {
  refuseUnknownOptions('loadDirectory', options, OPTIONS)
  const places = placesOf(store)
  const { signal } = options
  const own = lease ? undefined : Lease.open(places)
  try {
    const bytes = readManifest(path)
    const document = readDocument(bytes, { what: JSON.stringify(join(path, 'manifest.json')) })
    if (document.kind === 'index') {
      throw new RtError('RT_UNSUPPORTED', `${JSON.stringify(path)} holds images for several platforms`, {
        hint: `copy one of them: skopeo copy dir:${path} …`,
      })
    }
    const blobs = [document.config, ...document.layers]
    ;(lease ?? (own as Lease)).holdBlobs([document.digest, ...blobs.map(({ digest }) => digest)])
    for (const blob of new Map(blobs.map((each) => [each.digest, each])).values()) {
      const file = join(path, blob.digest.slice(blob.digest.indexOf(':') + 1))
      if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
        throw new RtError('RT_ARCHIVE', `${JSON.stringify(path)} lacks ${blob.digest}, which its image needs`)
      }
      const open = async function* (have: AsyncIterable<Uint8Array> | undefined) {
        let from = 0
        if (have) for await (const chunk of have) from += chunk.length
        yield* createReadStream(file, { start: from }) as AsyncIterable<Uint8Array>
      }
      await ingest(places, blob, { verifies: false, open }, { signal })
    }
    const { mediaType, digest } = document
    const entry: Entry = { mediaType, digest, size: bytes.length }
    await put(places, entry, bytes, signal)
    const image = describeImage(places, entry)
    putNameless(store, entry)
    return { image, names: [] }
  } finally {
    own?.close()
  }
}

function readManifest(path: string): Buffer {
  try {
    return readFileSync(join(path, 'manifest.json'))
  } catch (cause) {
    throw new RtError('RT_NOT_FOUND', `${JSON.stringify(path)} is no image directory: ${(cause as Error).message}`, {
      hint: 'skopeo copy IMAGE dir:DIR writes one',
      cause,
    })
  }
}
