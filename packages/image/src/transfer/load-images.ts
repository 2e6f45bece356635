import { type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'
import { isDigest } from '../blobs/digest.js'
import { put } from '../blobs/put.js'
import { putName, putNameless } from '../images/change-names.js'
import { describeImage, type ImageInfo } from '../images/image-info.js'
import { Lease } from '../leases/lease.js'
import type { Entry } from '../names/descriptor.js'
import { type ImageStore, placesOf } from '../store/open-store.js'
import type { Places } from '../store/places.js'
import type { FoundImage } from './found-image.js'
import { fromDockerArchive } from './from-docker-archive.js'
import { fromOciArchive } from './from-oci-archive.js'
import { Spool } from './spool.js'

export interface LoadOptions {
  /** Makes a whole name of one that an archive has: `app:v1`. Default: as it is. */
  readonly wholeName?: (name: string) => string
  readonly signal?: AbortSignal
}

const OPTIONS: OptionKeys<LoadOptions> = { wholeName: true, signal: true }

export interface LoadedImage {
  readonly image: ImageInfo
  /** Whole; none: the image has no name. */
  readonly names: readonly string[]
}

/**
 * Brings the images of an archive into the store: one that `docker save` writes, be it of today or of old, or a tar of an OCI
 * layout; plain, or compressed by gzip or zstd. Every digest in it is compared with what it is of.
 *
 * @param path of the archive
 * @param lease holds what is loaded, beyond this call
 * @throws RtError RT_ARCHIVE, RT_UNSAFE for an archive that is none, or damaged; RT_UNSUPPORTED; the signal's reason. Names
 *   are given when all of it is there
 */
export async function loadImages(
  store: ImageStore,
  path: string,
  options: LoadOptions = {},
  lease?: Lease,
): Promise<LoadedImage[]> {
  refuseUnknownOptions('loadImages', options, OPTIONS)
  const places = placesOf(store)
  const own = lease ? undefined : Lease.open(places)
  try {
    using spool = new Spool(places)
    await spool.read(path, options.signal)
    const found = imagesIn(spool, path, (lease ?? own) as Lease)
    return await named(store, places, found, (lease ?? own) as Lease, options)
  } finally {
    own?.close()
  }
}

function imagesIn(spool: Spool, path: string, lease: Lease): FoundImage[] {
  const quoted = JSON.stringify(path)
  // An archive with both is Docker's of today: what it has of OCI says more.
  if (spool.at('oci-layout') && spool.at('index.json')) return fromOciArchive(spool, lease)
  if (spool.at('manifest.json')) return fromDockerArchive(spool, lease)
  throw new RtError('RT_ARCHIVE', `${quoted} holds no images: it has neither an index.json nor a manifest.json`, {
    hint: `if it is a root file system: rt image import ${quoted} NAME`,
  })
}

async function named(
  store: ImageStore,
  places: Places,
  found: readonly FoundImage[],
  lease: Lease,
  { wholeName = (name) => name, signal }: LoadOptions,
): Promise<LoadedImage[]> {
  const loaded: LoadedImage[] = []
  const wholes = found.map(({ names }) => names.map(wholeName))
  for (const [at, { mediaType, bytes, digest, platform }] of found.entries()) {
    if (!isDigest(digest)) throw new RtError('RT_ARCHIVE', `${JSON.stringify(digest)} is no digest`)
    const entry: Entry = { mediaType, digest, size: bytes.length, ...(platform ? { platform } : {}) }
    lease.holdBlobs([digest])
    await put(places, entry, bytes, signal)
    const image = describeImage(places, entry)
    const names = wholes[at] as string[]
    if (names.length === 0) putNameless(store, entry)
    for (const name of names) putName(store, entry, name)
    loaded.push({ image, names })
  }
  return loaded
}
