import { createReadStream } from 'node:fs'
import { type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'
import { blobPath } from '../blobs/blob-files.js'
import type { ImageInfo, Part } from '../images/image-info.js'
import { Lease } from '../leases/lease.js'
import { type ImageStore, placesOf } from '../store/open-store.js'
import { TAR_END, tarHeader, tarPadding } from './tar-header.js'

/** An image to save, and the names that it has in the archive. */
export interface SavedImage {
  readonly image: ImageInfo
  /** Whole: `docker.io/library/debian:12`. */
  readonly names: readonly string[]
}

export interface SaveOptions {
  readonly signal?: AbortSignal
}

const OPTIONS: OptionKeys<SaveOptions> = { signal: true }

/**
 * Images as one tar that docker, podman and skopeo load: an OCI layout with Docker's manifest.json beside it. The same images
 * give the same bytes.
 *
 * @returns its bytes
 * @throws RtError RT_NOT_FOUND for a blob that the store lacks; the signal's reason
 */
export async function* saveImages(
  store: ImageStore,
  images: readonly SavedImage[],
  options: SaveOptions = {},
): AsyncGenerator<Uint8Array> {
  refuseUnknownOptions('saveImages', options, OPTIONS)
  const places = placesOf(store)
  using lease = Lease.open(places)
  lease.holdBlobs(images.map(({ image }) => image.digest))
  yield* directory('blobs/')
  yield* directory('blobs/sha256/')
  const parts = images.flatMap(({ image: { manifest } }): Part[] => [
    { mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.bytes.length },
    manifest.config,
    ...manifest.layers,
  ])
  for (const { digest, size } of new Map(parts.map((part) => [part.digest, part])).values()) {
    yield tarHeader(pathOf(digest), size, 'file')
    let left = size
    for await (const chunk of createReadStream(blobPath(places, digest), { highWaterMark: 1 << 20 })) {
      options.signal?.throwIfAborted()
      left -= (chunk as Buffer).length
      yield chunk as Buffer
    }
    if (left !== 0) {
      throw new RtError('RT_ARCHIVE', `blob ${digest} of the store has not the ${size} bytes it is said to have`, {
        hint: 'rt image check --repair',
      })
    }
    yield tarPadding(size)
  }
  yield* json('index.json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: images.flatMap(entriesOf),
  })
  yield* json('manifest.json', images.map(dockersEntry))
  yield* json('oci-layout', { imageLayoutVersion: '1.0.0' })
  yield TAR_END
}

const pathOf = (digest: string): string => `blobs/${digest.replace(':', '/')}`

function* directory(name: string): Generator<Uint8Array> {
  yield tarHeader(name, 0, 'directory')
}

function* json(name: string, value: unknown): Generator<Uint8Array> {
  const bytes = Buffer.from(JSON.stringify(value))
  yield tarHeader(name, bytes.length, 'file')
  yield bytes
  yield tarPadding(bytes.length)
}

/** An entry for each name; Docker has the whole one in an annotation of containerd's, and the tag alone where OCI has a name. */
function entriesOf({ image, names }: SavedImage): object[] {
  const { mediaType, digest, size, platform } = image.entry
  const entry = { mediaType, digest, size, ...(platform ? { platform } : {}) }
  if (names.length === 0) return [entry]
  return names.map((name) => ({
    ...entry,
    annotations: {
      'io.containerd.image.name': name,
      'org.opencontainers.image.ref.name': name,
    },
  }))
}

/** Docker's manifest.json ("Image tarball", docker/docker image/spec). */
const dockersEntry = ({ image: { manifest }, names }: SavedImage): object => ({
  Config: pathOf(manifest.config.digest),
  RepoTags: names.filter((name) => !name.includes('@')),
  Layers: manifest.layers.map(({ digest }) => pathOf(digest)),
})
