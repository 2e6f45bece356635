import { createReadStream } from 'node:fs'
import { type Pushed, pushBlob, pushDocument, type Reference, type RegistryClient } from '@rt/registry'
import { type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'
import { blobPath } from '../blobs/blob-files.js'
import { listImages, repositoryOf } from '../images/find-image.js'
import type { ImageInfo, Part } from '../images/image-info.js'
import { Lease } from '../leases/lease.js'
import { type ImageStore, placesOf } from '../store/open-store.js'

export interface PushImageOptions {
  readonly onProgress?: (progress: PushProgress) => void
  readonly signal?: AbortSignal
}

const OPTIONS: OptionKeys<PushImageOptions> = { onProgress: true, signal: true }

export interface PushProgress {
  readonly digest: string
  readonly status: 'waiting' | 'pushing' | Pushed
  readonly current: number
  readonly total: number
}

/** Layers whose bytes must not be given on (image-spec, "Non-Distributable Layers"; Docker's "foreign" ones). */
const isNondistributable = (mediaType: string): boolean => /nondistributable|\.foreign\./.test(mediaType)

/**
 * Brings an image into a registry: first the layers that it lacks, then the configuration, then the manifest under the name.
 * What another repository there has is mounted from it.
 *
 * @param image of the store
 * @param name where to
 * @returns the digest of the manifest
 * @throws RtError RT_UNSUPPORTED for layers that are not to be distributed; as `pushBlob` and `pushDocument`
 */
export async function pushImage(
  store: ImageStore,
  client: RegistryClient,
  image: ImageInfo,
  name: Reference,
  options: PushImageOptions = {},
): Promise<string> {
  refuseUnknownOptions('pushImage', options, OPTIONS)
  const places = placesOf(store)
  const { manifest } = image
  const foreign = manifest.layers.find(({ mediaType }) => isNondistributable(mediaType))
  if (foreign) {
    throw new RtError('RT_UNSUPPORTED', `layer ${foreign.digest} is not to be distributed (${foreign.mediaType})`, {
      hint: 'its licence keeps it at its own place; build the image on another base to push it whole',
    })
  }
  const lease = Lease.open(places)
  try {
    lease.holdBlobs([manifest.digest])
    const blobs = [...new Map([...manifest.layers, manifest.config].map((each) => [each.digest, each])).values()]
    const tell = options.onProgress ?? (() => {})
    for (const { digest, size } of blobs) tell({ digest, status: 'waiting', current: 0, total: size })
    for (const blob of blobs) await pushOne(blob)
    const { digest } = await pushDocument(client, name, manifest.bytes, {
      mediaType: manifest.mediaType,
      ...(options.signal ? { signal: options.signal } : {}),
    })
    return digest

    async function pushOne(blob: Part): Promise<void> {
      const { digest, size: total } = blob
      let current = 0
      async function* open(): AsyncGenerator<Uint8Array> {
        current = 0
        for await (const chunk of createReadStream(blobPath(places, digest), { highWaterMark: 1 << 18 })) {
          current += (chunk as Buffer).length
          tell({ digest, status: 'pushing', current, total })
          yield chunk as Buffer
        }
      }
      const status = await pushBlob(
        client,
        name,
        { digest, size: total, open },
        {
          mountFrom: othersWith(store, name, digest),
          ...(options.signal ? { signal: options.signal } : {}),
        },
      )
      tell({ digest, status, current: total, total })
    }
  } finally {
    lease.close()
  }
}

/** Most repositories that are asked for one blob: each is a request. */
const MAX_SOURCES = 2

/** Repositories of the same registry that had the blob when we last saw them. */
function othersWith(store: ImageStore, { registry, repository }: Reference, digest: string): string[] {
  const prefix = `${registry}/`
  const sources = listImages(store)
    .images.filter(({ manifest }) => [manifest.config, ...manifest.layers].some((each) => each.digest === digest))
    .map(({ name }) => repositoryOf(name))
    .filter((name): name is string => name?.startsWith(prefix) ?? false)
    .map((name) => name.slice(prefix.length))
    .filter((name) => name !== repository)
  return [...new Set(sources)].slice(0, MAX_SOURCES)
}
