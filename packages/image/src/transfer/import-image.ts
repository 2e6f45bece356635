import { createHash } from 'node:crypto'
import { closeSync, writeSync } from 'node:fs'
import { readArchive, TarReader } from '@rt/rootfs'
import { type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'
import { put } from '../blobs/put.js'
import { putName, putNameless } from '../images/change-names.js'
import { describeImage, type ImageInfo } from '../images/image-info.js'
import { Lease } from '../leases/lease.js'
import type { Entry } from '../names/descriptor.js'
import { type ImageStore, placesOf } from '../store/open-store.js'
import { Spool } from './spool.js'

export interface ImportOptions {
  /** Whole; without one the image has none. */
  readonly name?: string
  /** How it is run (image-spec "config.md", config): Cmd, Entrypoint, Env, … */
  readonly config?: Readonly<Record<string, unknown>>
  /** For its history. */
  readonly message?: string
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string | undefined }
  readonly signal?: AbortSignal
}

const OPTIONS: OptionKeys<ImportOptions> = { name: true, config: true, message: true, platform: true, signal: true }

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' }

/**
 * Makes an image of one layer of a tar of a root file system, as `docker import` does. The tar is read whole before: one that
 * can't be read, or holds no tar, makes none.
 *
 * @param path plain, or compressed by gzip or zstd: the layer is not compressed
 * @throws RtError RT_ARCHIVE, RT_LIMIT; the signal's reason
 */
export async function importImage(store: ImageStore, path: string, options: ImportOptions = {}): Promise<ImageInfo> {
  refuseUnknownOptions('importImage', options, OPTIONS)
  const { signal, platform, config = {}, message, name } = options
  const places = placesOf(store)
  using lease = Lease.open(places)
  using spool = new Spool(places)
  const { fd, path: written } = spool.create()
  const hash = createHash('sha256')
  let size = 0
  try {
    const reader = new TarReader(new Counting(), { endMark: 'required' })
    for await (const piece of readArchive(path, signal ? { signal } : {})) {
      reader.write(piece)
      hash.update(piece)
      for (let at = 0; at < piece.length; ) at += writeSync(fd, piece, at)
      size += piece.length
    }
    reader.end()
    if (reader.entries === 0) throw new RtError('RT_ARCHIVE', `${JSON.stringify(path)} holds nothing`)
  } finally {
    closeSync(fd)
  }
  const layer = { path: written, digest: `sha256:${hash.digest('hex')}`, size }
  spool.adopt(layer, lease)
  const created = new Date().toISOString()
  const { os = 'linux', architecture = ARCHITECTURES[process.arch] ?? process.arch, variant } = platform ?? {}
  const place = { architecture, os, ...(variant === undefined ? {} : { variant }) }
  const document = {
    created,
    ...place,
    config,
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
    history: [{ created, ...(message === undefined ? {} : { comment: message }) }],
  }
  const configuration = await blob('application/vnd.oci.image.config.v1+json', document)
  const entry = await blob('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: configuration,
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: layer.digest, size }],
  })
  const placed: Entry = { ...entry, platform: place }
  if (name === undefined) putNameless(store, placed)
  else putName(store, placed, name)
  return describeImage(places, placed)

  async function blob(mediaType: string, value: object): Promise<Entry> {
    const bytes = Buffer.from(JSON.stringify(value))
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    lease.holdBlobs([digest])
    await put(places, { digest, size: bytes.length }, bytes, signal)
    return { mediaType, digest, size: bytes.length }
  }
}

/** Only whether it is a tar is asked. */
class Counting {
  entry(): void {}
  data(): void {}
  end(): void {}
}
