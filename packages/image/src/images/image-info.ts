import { RtError } from '@rt/sys'
import { sizeOfBlob } from '../blobs/blob-files.js'
import { isDigest } from '../blobs/digest.js'
import { readBlob } from '../blobs/read-blob.js'
import { type Entry, nameOf } from '../names/descriptor.js'
import type { Places } from '../store/places.js'

type JsonObject = Readonly<Record<string, unknown>>

/** A blob as a manifest names it. */
export interface Part {
  readonly mediaType: string
  readonly digest: string
  /** Bytes. */
  readonly size: number
}

/** A manifest of the store, with its configuration. */
export interface StoredManifest {
  readonly digest: string
  readonly bytes: Buffer
  readonly mediaType: string
  readonly document: JsonObject
  readonly config: Part
  /** The lowest first, compressed as they were pulled. */
  readonly layers: readonly Part[]
}

const INDEX_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]

/** Whether an entry stands for images of several platforms, as other tools may have put it there. */
const isIndex = ({ mediaType }: Pick<Entry, 'mediaType'>): boolean => INDEX_TYPES.includes(mediaType)

/**
 * Reads a manifest, or the first one of an index that the store has.
 *
 * @throws RtError RT_NOT_FOUND, RT_ARCHIVE, RT_UNSUPPORTED for what is no image
 */
function readManifest(places: Pick<Places, 'blobs'>, entry: Pick<Entry, 'mediaType' | 'digest'>): StoredManifest {
  const { digest, mediaType } = entry
  const bytes = readBlob(places, digest)
  const document = parseObject(bytes, digest)
  if (isIndex(entry)) {
    const inner = parts(document.manifests).find((each) => sizeOfBlob(places, each.digest) !== undefined)
    if (inner) return readManifest(places, inner)
    throw new RtError('RT_NOT_FOUND', `the store has none of the images that the index ${digest} names`)
  }
  const [config] = parts([document.config])
  if (!config || !Array.isArray(document.layers)) throw new RtError('RT_UNSUPPORTED', `${digest} is no image manifest`)
  return { digest, bytes, mediaType, document, config, layers: parts(document.layers) }
}

const parts = (value: unknown): Part[] =>
  (Array.isArray(value) ? value : []).filter(
    (each): each is Part =>
      typeof each === 'object' && each !== null && isDigest(each.digest) && typeof each.mediaType === 'string',
  )

function parseObject(bytes: Uint8Array, digest: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw new RtError('RT_ARCHIVE', `${digest} is no JSON: ${(cause as Error).message}`, { cause })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  throw new RtError('RT_ARCHIVE', `${digest} is no JSON object`)
}

/** An image of the store. */
export interface ImageInfo {
  /** Digest of its configuration: what Docker calls the image's ID. Of an artifact too. */
  readonly id: string
  /** Digest of its manifest. */
  readonly digest: string
  readonly entry: Entry
  /** `docker.io/library/debian:bookworm`; undefined: it has lost its name, or never had one. */
  readonly name: string | undefined
  /** ISO 8601, as the image says; undefined: it doesn't. */
  readonly created: string | undefined
  /** Bytes of its blobs, as they are stored: compressed. */
  readonly size: number
  readonly platform: { readonly os: string; readonly architecture: string; readonly variant?: string | undefined }
  readonly labels: Readonly<Record<string, string>>
  /** The image's configuration, whole (image-spec "config.md"). */
  readonly config: JsonObject
  readonly manifest: StoredManifest
}

/**
 * What an entry of the store stands for.
 *
 * @throws RtError RT_NOT_FOUND, RT_ARCHIVE, RT_UNSUPPORTED
 */
export function describeImage(places: Pick<Places, 'blobs'>, entry: Entry): ImageInfo {
  const manifest = readManifest(places, entry)
  const config = parseObject(readBlob(places, manifest.config.digest), manifest.config.digest)
  const { created, os, architecture, variant } = config
  const run = config.config as JsonObject | null | undefined
  const labels = (run?.Labels ?? {}) as Record<string, string>
  return {
    id: manifest.config.digest,
    digest: manifest.digest,
    entry,
    name: nameOf(entry),
    created: typeof created === 'string' ? created : undefined,
    size: [manifest.config, ...manifest.layers].reduce((sum, { size }) => sum + size, manifest.bytes.length),
    platform: {
      os: String(os ?? ''),
      architecture: String(architecture ?? ''),
      ...(typeof variant === 'string' && variant !== '' ? { variant } : {}),
    },
    labels,
    config,
    manifest,
  }
}

/** Whether all blobs that an image needs are there, with their sizes. */
export function isWhole(places: Pick<Places, 'blobs'>, entry: Entry): boolean {
  try {
    const { config, layers } = readManifest(places, entry)
    return [config, ...layers].every(({ digest, size }) => sizeOfBlob(places, digest) === size)
  } catch (error) {
    if (RtError.isInstance(error)) return false
    throw error
  }
}
