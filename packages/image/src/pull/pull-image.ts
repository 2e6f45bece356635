import {
  type DocumentOptions,
  formatReference,
  head,
  type Platform,
  type PulledImage,
  pull,
  type Reference,
  type RegistryClient,
} from '@rt/registry'
import type { ComingBlob } from '@rt/rootfs'
import { type OptionKeys, refuseUnknownOptions } from '@rt/sys'
import { Incoming } from '../blobs/incoming.js'
import { type BlobSource, type BlobWanted, ingest } from '../blobs/ingest.js'
import { put } from '../blobs/put.js'
import { putName } from '../images/change-names.js'
import { describeImage, type ImageInfo, isWhole } from '../images/image-info.js'
import { Lease } from '../leases/lease.js'
import { type Entry, nameOf, pulledDigestOf } from '../names/descriptor.js'
import { readNames } from '../names/names.js'
import { type ImageStore, placesOf } from '../store/open-store.js'
import type { Places } from '../store/places.js'

export interface PullImageOptions {
  /** Which of an image's forms. Default: Linux on this processor. */
  readonly platform?: Platform
  /**
   * Told of the image when its documents are in the store, and before its layers are: they may be read as they come.
   * What it throws ends the pull, and is thrown.
   */
  readonly onImage?: (coming: ComingImage) => void
  /** What it throws ends the pull, and is thrown. */
  readonly onProgress?: (progress: PullProgress) => void
  readonly signal?: AbortSignal
}

const OPTIONS: OptionKeys<PullImageOptions> = { platform: true, onImage: true, onProgress: true, signal: true }

/** An image on its way into the store. */
export interface ComingImage {
  /** Of its manifest. */
  readonly digest: string
  readonly mediaType: string
  /** Bytes of the manifest. */
  readonly size: number
  /** A layer, by its digest, as `prepare` of @rt/rootfs takes it. */
  coming(digest: string): ComingBlob | undefined
}

/** What becomes of a blob. */
export interface PullProgress {
  readonly digest: string
  readonly status: 'waiting' | 'exists' | 'downloading' | 'complete'
  /** Bytes that are there. */
  readonly current: number
  /** Bytes of the whole. */
  readonly total: number
}

/** An image that is in the store now. */
export interface PulledToStore {
  readonly image: ImageInfo
  /** What the store calls it: `docker.io/library/debian:bookworm`. */
  readonly name: string
  /** What the name means in the registry: the digest of an index, or of the manifest. */
  readonly digest: string
  /** False: all of it was there. */
  readonly isNew: boolean
}

/** Blobs that are downloaded at once, as docker does. */
const AT_ONCE = 3

/**
 * Gets an image from a registry into the store, under its whole name. Blobs that are there are not asked for, and one that
 * an earlier pull began goes on where that stopped.
 *
 * @param name `debian:12`; without a tag or a digest, `latest`
 * @param lease holds what is pulled, beyond this call; without one, the name alone does
 * @throws as `pull` of @rt/registry; RtError RT_ARCHIVE for a blob that isn't what its digest says; the signal's reason
 */
export async function pullImage(
  store: ImageStore,
  client: RegistryClient,
  name: string | Reference,
  options: PullImageOptions = {},
  lease?: Lease,
): Promise<PulledToStore> {
  refuseUnknownOptions('pullImage', options, OPTIONS)
  const places = placesOf(store)
  const own = lease ? undefined : Lease.open(places)
  try {
    return await pulled(store, client, name, options, (lease ?? own) as Lease)
  } finally {
    own?.close()
  }
}

async function pulled(
  store: ImageStore,
  client: RegistryClient,
  name: string | Reference,
  options: PullImageOptions,
  lease: Lease,
): Promise<PulledToStore> {
  const places = placesOf(store)
  const { signal, platform } = options
  const known = await unchanged(places, client, name, options, lease)
  if (known) return known
  const found = await pull(client, name, { ...(platform ? { platform } : {}), ...(signal ? { signal } : {}) })
  const { manifest, config, document } = found
  const whole = wholeName(found.reference)
  // First of all: what is there already must not go away between the look and the name.
  lease.holdBlobs([manifest.digest, manifest.config.digest, ...manifest.layers.map(({ digest }) => digest)])
  const configNew = await put(places, manifest.config, config, signal)
  const entry: Entry = {
    mediaType: manifest.mediaType,
    digest: manifest.digest,
    size: manifest.bytes.length,
    platform: platformOf(config),
  }
  const manifestNew = await put(places, entry, manifest.bytes, signal)
  // The name comes last: it is there only when all that it leads to is.
  const layersNew = await getLayers(places, found, options)
  const image = describeImage(places, entry)
  const before = readNames(places).entries.find((each) => nameOf(each) === whole)
  const isSame = before?.digest === entry.digest && pulledDigestOf(before) === document.digest
  if (!isSame) putName(store, entry, whole, document.digest)
  return {
    image: { ...image, name: whole },
    name: whole,
    digest: document.digest,
    isNew: layersNew || configNew || manifestNew || !isSame,
  }
}

/** What is pulled by digest and tag is named by the digest: the tag may mean something else by now. */
export const wholeName = ({ registry, repository, tag, digest }: Reference): string =>
  digest === undefined
    ? formatReference({ registry, repository, tag: tag ?? 'latest' })
    : formatReference({ registry, repository, digest })

/** If the store has what the registry has, one request tells. */
async function unchanged(
  places: Places,
  client: RegistryClient,
  name: string | Reference,
  { platform, signal }: PullImageOptions,
  lease: Lease,
): Promise<PulledToStore | undefined> {
  const wholes = client.meanings(name).map(wholeName)
  const [first] = wholes
  const entry = readNames(places).entries.find((each) => nameOf(each) === first)
  const digest = entry && (pulledDigestOf(entry) ?? entry.digest)
  // Of several registries the first that has the image is meant: that is for pull to find out.
  if (!entry || wholes.length > 1) return undefined
  lease.holdBlobs([entry.digest])
  if (!isWhole(places, entry)) return undefined
  const image = describeImage(places, entry)
  if (platform && !suits(image, platform)) return undefined
  const asked: DocumentOptions = signal ? { signal } : {}
  const there = await head(client, name, asked)
  if (there.digest !== digest) return undefined
  return { image, name: first as string, digest: there.digest, isNew: false }
}

const suits = ({ platform: { os, architecture, variant } }: ImageInfo, wanted: Platform): boolean =>
  os === wanted.os &&
  architecture === wanted.architecture &&
  (wanted.variant === undefined || wanted.variant === variant)

function platformOf(config: Buffer): Record<string, unknown> | undefined {
  let document: Record<string, unknown>
  try {
    document = JSON.parse(config.toString('utf8'))
  } catch {
    return undefined // an artifact's, which is for no platform
  }
  const { os, architecture, variant } = document ?? {}
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined
  return { architecture, os, ...(typeof variant === 'string' && variant !== '' ? { variant } : {}) }
}

/** @returns whether any was new */
async function getLayers(places: Places, found: PulledImage, options: PullImageOptions): Promise<boolean> {
  const stop = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal
  // One blob may be several layers.
  const layers = [...new Map(found.manifest.layers.map((layer) => [layer.digest, layer])).values()]
  const tell = options.onProgress ?? (() => {})
  for (const { digest, size } of layers) tell({ digest, status: 'waiting', current: 0, total: size })
  const incoming = new Map(layers.map(({ digest }) => [digest, new Incoming()]))
  const { manifest } = found
  options.onImage?.({
    digest: manifest.digest,
    mediaType: manifest.mediaType,
    size: manifest.bytes.length,
    coming: (digest) => incoming.get(digest),
  })
  let isNew = false
  let next = 0
  const work = async (): Promise<void> => {
    for (;;) {
      const layer = layers[next++]
      if (!layer) return
      const own = incoming.get(layer.digest) as Incoming
      if (await getLayer(places, found, layer, own, { ...options, signal })) isNew = true
    }
  }
  const workers = Array.from({ length: Math.min(AT_ONCE, layers.length) }, () =>
    work().catch((error) => {
      // The others are not to go on for nothing, and nobody leaves while one writes.
      stop.abort(error)
      for (const each of incoming.values()) each.fail(error)
      throw error
    }),
  )
  const ended = await Promise.allSettled(workers)
  options.signal?.throwIfAborted()
  if (stop.signal.aborted) throw stop.signal.reason
  for (const each of ended) if (each.status === 'rejected') throw each.reason
  return isNew
}

async function getLayer(
  places: Places,
  found: PulledImage,
  layer: BlobWanted,
  incoming: Incoming,
  { onProgress, signal }: PullImageOptions,
): Promise<boolean> {
  const { digest, size: total } = layer
  let current = 0
  const source: BlobSource = {
    verifies: true,
    open: (have) => found.openBlob(layer, { ...(have ? { have } : {}), ...(signal ? { signal } : {}) }),
  }
  const isNew = await ingest(places, layer, source, {
    signal,
    incoming,
    onWait: () => onProgress?.({ digest, status: 'waiting', current, total }),
    onBytes(count) {
      current += count
      onProgress?.({ digest, status: 'downloading', current, total })
    },
  })
  onProgress?.({ digest, status: isNew ? 'complete' : 'exists', current: total, total })
  return isNew
}
