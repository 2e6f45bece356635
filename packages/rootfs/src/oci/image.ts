import { join } from 'node:path'
import { RtError } from '@rt/sys'
import { type Digest, formatDigest, newHash, parseDigest } from '../digest/digest.js'
import type { Archive } from '../unpack/archive.js'
import { blobPath, readBlob, readDocument } from './blob.js'
import { chooseManifest } from './choose-manifest.js'
import { type Descriptor, readDescriptor } from './descriptor.js'
import { type ImageConfig, readImageConfig } from './image-config.js'
import { checkKind } from './index-document.js'
import { Complaints, describe, isObject, type JsonObject, parseObject } from './json.js'
import { CONFIG_TYPES, LAYER_TYPES, MANIFEST_TYPES } from './media-types.js'
import { hostPlatform, type Platform } from './platform.js'
import type { ImageReference } from './reference.js'

/** A layer of an image: where its blob is, and what it must be. */
export interface ImageLayer extends Archive {
  readonly size: number
  readonly digest: Digest
  readonly diffId: Digest
  /** Names this layer on top of all below it (image-spec "config.md", ChainID): what an unpacked layer is kept under. */
  readonly chainId: Digest
}

/** What an image consists of. */
export interface ImageContent {
  /** Digest of the manifest: names the image. */
  readonly digest: Digest
  readonly platform: Platform
  /** The lowest first. */
  readonly layers: readonly ImageLayer[]
}

export interface Image extends ImageContent {
  readonly config: ImageConfig
}

/**
 * Reads an image of an OCI layout (image-spec "image-layout.md"): index, manifest and configuration, each verified
 * against its digest. The layers are only named; they are verified as they are read.
 *
 * @param layout directory
 * @param reference see {@link chooseManifest}
 * @param machine which of an image's forms; default: the best that runs on this one
 * @throws RtError RT_NOT_FOUND, RT_ARCHIVE, RT_INVALID_CONFIG, RT_LIMIT
 */
export async function openImage(layout: string, reference?: ImageReference, machine?: Platform): Promise<Image> {
  const read = await readImage(layout, reference, machine)
  const { document, complaints } = read
  const config = readImageConfig(document.config, complaints)
  const content = contentOf(layout, read)
  return { ...content, config }
}

/**
 * The same without what only a start would use: a configuration that says nonsense about running the image keeps nobody
 * from unpacking it.
 */
export async function openImageContent(
  layout: string,
  reference?: ImageReference,
  machine?: Platform,
): Promise<ImageContent> {
  return contentOf(layout, await readImage(layout, reference, machine))
}

/** The documents of an image, verified; what is wrong with the configuration goes to the complaints. */
interface ReadImage {
  readonly digest: Digest
  readonly layers: readonly Descriptor[]
  readonly document: JsonObject
  readonly complaints: Complaints
}

async function readImage(
  layout: string,
  reference: ImageReference = {},
  machine: Platform = hostPlatform(),
): Promise<ReadImage> {
  await checkLayout(layout)
  const chosen = await chooseManifest(layout, reference, machine)
  const { config, layers } = readManifest(await readBlob(layout, chosen), chosen)
  const what = `image configuration ${formatDigest(config.digest)}`
  const document = parseObject(await readBlob(layout, config), what)
  return { digest: chosen.digest, layers, document, complaints: new Complaints(what) }
}

/** @throws RtError RT_INVALID_CONFIG with the complaints that there are, and those about the layers */
function contentOf(layout: string, { digest: image, layers, document, complaints }: ReadImage): ImageContent {
  const diffIds = readDiffIds(document, complaints)
  if (diffIds.length !== layers.length) {
    complaints.add('rootfs.diff_ids', `expected ${layers.length}, one for each layer, got ${diffIds.length}`)
  }
  const os = complaints.string(document.os, 'os')
  if (os !== 'linux') complaints.add('os', `expected "linux", got ${describe(os)}`)
  const architecture = complaints.string(document.architecture, 'architecture')
  complaints.throwIfAny('RT_INVALID_CONFIG')

  const variant = typeof document.variant === 'string' && document.variant !== '' ? document.variant : undefined
  let below: Digest | undefined
  return {
    digest: image,
    platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
    layers: layers.map(({ digest, size }, index) => {
      const diffId = diffIds[index]!
      below = chainId(below, diffId)
      return { path: blobPath(layout, digest), size, digest, diffId, chainId: below }
    }),
  }
}

/** ChainID(L0) = DiffID(L0); ChainID(L0|…|Ln) = digest of "ChainID(L0|…|Ln-1) DiffID(Ln)". */
function chainId(below: Digest | undefined, diffId: Digest): Digest {
  if (!below) return diffId
  const text = `${formatDigest(below)} ${formatDigest(diffId)}`
  return { algorithm: 'sha256', hex: newHash('sha256').update(text).digest('hex') }
}

async function checkLayout(layout: string): Promise<void> {
  const path = join(layout, 'oci-layout')
  const { imageLayoutVersion } = parseObject(await readDocument(path), JSON.stringify(path))
  if (typeof imageLayoutVersion !== 'string' || !/^1\./.test(imageLayoutVersion)) {
    throw new RtError(
      'RT_ARCHIVE',
      `${JSON.stringify(path)}: expected imageLayoutVersion 1.x, got ${describe(imageLayoutVersion)}`,
    )
  }
}

function readManifest(
  bytes: Uint8Array,
  { digest, mediaType }: Descriptor,
): { config: Descriptor; layers: Descriptor[] } {
  const what = `manifest ${formatDigest(digest)}`
  const document = parseObject(bytes, what)
  const complaints = new Complaints(what)
  checkKind(document, mediaType, { types: MANIFEST_TYPES, foreign: ['manifests', 'fsLayers'] }, complaints)
  // An artifact: something else in an image's clothes, such as a chart or a signature.
  const config = readDescriptor(document.config, 'config', complaints, CONFIG_TYPES)
  const layers = complaints
    .array(document.layers, 'layers')
    .map((layer, index) => readDescriptor(layer, `layers[${index}]`, complaints, LAYER_TYPES))
  complaints.throwIfAny('RT_ARCHIVE')
  return { config, layers }
}

function readDiffIds(document: JsonObject, complaints: Complaints): Digest[] {
  const rootfs = isObject(document.rootfs) ? document.rootfs : {}
  if (rootfs.type !== 'layers') complaints.add('rootfs.type', `expected "layers", got ${describe(rootfs.type)}`)
  const digests: Digest[] = []
  for (const [index, value] of complaints.array(rootfs.diff_ids, 'rootfs.diff_ids').entries()) {
    const digest = parseDigest(value)
    if (typeof digest === 'string') complaints.add(`rootfs.diff_ids[${index}]`, digest)
    else digests.push(digest)
  }
  return digests
}
