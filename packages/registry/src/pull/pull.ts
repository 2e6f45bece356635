import type { Readable } from 'node:stream'
import { type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'
import { isObject } from '../documents/complaints.js'
import type { Descriptor } from '../documents/descriptor.js'
import type { Index, Manifest } from '../documents/document.js'
import { IMAGE_CONFIG_TYPES } from '../documents/media-types.js'
import { defaultPlatform, formatPlatform, type Platform, suitability } from '../documents/platform.js'
import type { Patience } from '../http/patience.js'
import { checkDigest } from '../reference/digest.js'
import { type Reference, versionOf } from '../reference/reference.js'
import type { Repository } from '../repository/repository.js'
import { type RegistryClient, sessionOf } from '../session/client.js'
import type { Session } from '../session/session.js'
import { type BlobDescriptor, blobStream, readBlob } from './blob.js'
import { chooseManifest } from './choose-manifest.js'
import { fetchDocument } from './fetch-document.js'
import { fromPlaces } from './from-places.js'

/** Bytes; a configuration is held in memory. */
const MAX_CONFIG = 8 * 1024 * 1024

export interface PullOptions {
  /** The machine that the image is for. Default: Linux on this processor, of any variant that every such processor has. */
  readonly platform?: Platform
  readonly signal?: AbortSignal
}

const OPTIONS: OptionKeys<PullOptions> = { platform: true, signal: true }

export interface BlobOptions {
  /**
   * The beginning of the blob, from what an earlier attempt wrote: it is read and hashed, so that the digest of the whole
   * is known, and the stream goes on behind it.
   */
  readonly have?: AsyncIterable<Uint8Array>
  readonly signal?: AbortSignal
}

const BLOB_OPTIONS: OptionKeys<BlobOptions> = { have: true, signal: true }

/** An image in a registry: documents here, layers to be streamed. */
export interface PulledImage {
  /** What the name meant. */
  readonly reference: Reference
  /** Where it came from, a mirror perhaps: `HOST/REPOSITORY`. */
  readonly place: string
  /** What the tag or digest names: the index, or the manifest itself. */
  readonly document: Manifest | Index
  readonly manifest: Manifest
  /** The configuration's bytes, verified; JSON, if the image is one (image-spec "config.md"). */
  readonly config: Buffer
  /**
   * Streams a layer of the manifest, or any blob of the repository, verified while it streams: compressed, as stored.
   * The last bytes come only once the digest and size of the whole are right. A connection that breaks is made again.
   *
   * @throws (the stream) RtError RT_ARCHIVE for a wrong digest or size; RegistryError; the signal's reason
   */
  readonly openBlob: (blob: BlobDescriptor, options?: BlobOptions) => Readable
}

/**
 * Gets an image's documents from a registry, verified, and chooses its form for a platform (distribution-spec, "Pull";
 * image-spec "image-index.md"). Layers are streamed afterwards, from the same place.
 *
 * @param name `debian:12`, `localhost:5000/app@sha256:…`; without a tag or a digest, `latest`
 * @throws RtError RT_INVALID_OPTION for what is no name; RT_NOT_FOUND if there is no such image, or none for the platform
 *   (the hint lists those there are); RT_PERMISSION, RT_NETWORK, RT_REGISTRY; RT_ARCHIVE, RT_UNSAFE, RT_UNSUPPORTED,
 *   RT_LIMIT for documents that are damaged, ambiguous, of another kind or too large
 */
export async function pull(
  client: RegistryClient,
  name: string | Reference,
  options: PullOptions = {},
): Promise<PulledImage> {
  refuseUnknownOptions('pull', options, OPTIONS)
  const session = sessionOf(client)
  const { platform = defaultPlatform(), signal } = options
  return fromPlaces(session, name, signal, async (repository, reference) => {
    const patience = session.patience(signal)
    const version = versionOf(reference)
    const document = await fetchDocument(repository, version, patience)
    const manifest = await manifestFor(repository, document, platform, patience)
    const config = await readBlob(repository, manifest.config, MAX_CONFIG, patience)
    if (document.kind === 'manifest') warnOfPlatform(session, manifest, config, options.platform)
    return {
      reference,
      place: repository.place,
      document,
      manifest,
      config,
      openBlob: (blob, blobOptions = {}) => {
        refuseUnknownOptions('openBlob', blobOptions, BLOB_OPTIONS)
        checkDigest(blob.digest)
        return blobStream(repository, blob, session.patience(blobOptions.signal), blobOptions.have)
      },
    }
  })
}

async function manifestFor(
  repository: Repository,
  document: Manifest | Index,
  platform: Platform,
  patience: Patience,
): Promise<Manifest> {
  if (document.kind === 'manifest') return document
  const fetch = (each: Descriptor) => fetchDocument(repository, each.digest, patience, each)
  const what = `index ${repository.place}@${document.digest}`
  const chosen = await fetch(await chooseManifest(document, platform, what, fetch))
  if (chosen.kind === 'manifest') return chosen
  // Its media type is a manifest's, and was compared with the document's own.
  throw new RtError('RT_UNSAFE', `${what}: ${chosen.digest} is an index where a manifest is said to be`)
}

/** Who asks for a platform, and names an image that has one form only, may get another one; its configuration tells. */
function warnOfPlatform(session: Session, manifest: Manifest, bytes: Buffer, wanted: Platform | undefined): void {
  if (!wanted || !IMAGE_CONFIG_TYPES.includes(manifest.config.mediaType)) return
  let config: unknown
  try {
    config = JSON.parse(bytes.toString('utf8'))
  } catch {
    session.warn(`the configuration ${manifest.config.digest} is no JSON`)
    return
  }
  if (isObject(config) && suitability(config, wanted) === undefined) {
    session.warn(`the image is for ${formatPlatform(config)}, not for ${formatPlatform(wanted)}, and there is no other`)
  }
}
