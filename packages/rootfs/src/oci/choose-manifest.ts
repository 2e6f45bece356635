import { RtError } from '@rt/sys'
import { formatDigest } from '../digest/digest.js'
import { readBlob, readDocument } from './blob.js'
import type { Descriptor } from './descriptor.js'
import { readIndex } from './index-document.js'
import { INDEX_TYPES, MANIFEST_TYPES } from './media-types.js'
import { describePlatform, type Platform, suitability } from './platform.js'
import { formatReference, type ImageReference } from './reference.js'

/** Where a descriptor of the layout's index has its tag (image-spec "annotations.md"). */
const REF_NAME = 'org.opencontainers.image.ref.name'

/** An index in an index in an index…: more than anybody makes, less than would harm. */
const MAX_NESTING = 4

/** A manifest that would run, and how well it suits; see {@link suitability}. */
interface Candidate {
  readonly manifest: Descriptor
  readonly suits: number
}

const isIndex = ({ mediaType }: Descriptor): boolean => INDEX_TYPES.includes(mediaType)
const key = ({ digest }: Descriptor): string => formatDigest(digest)
const tagOf = ({ annotations }: Descriptor): string | undefined =>
  typeof annotations[REF_NAME] === 'string' ? annotations[REF_NAME] : undefined

/** A layout's indexes, walked from the top; each is read once, however often it is listed. */
class Indexes {
  readonly #read = new Map<string, readonly Descriptor[]>()
  /** What was seen and doesn't run here, for the error. */
  readonly others = new Set<string>()

  constructor(
    readonly layout: string,
    readonly machine: Platform,
  ) {}

  /** All descriptors, depth first in their order, each once. */
  async *walk(from: readonly Descriptor[], seen = new Set<string>(), nesting = 0): AsyncGenerator<Descriptor> {
    for (const descriptor of from) {
      if (seen.has(key(descriptor))) continue
      if (isIndex(descriptor)) seen.add(key(descriptor))
      yield descriptor
      if (!isIndex(descriptor)) continue
      if (nesting === MAX_NESTING) throw new RtError('RT_LIMIT', `more than ${MAX_NESTING} indexes in one another`)
      yield* this.walk(await this.#inner(descriptor), seen, nesting + 1)
    }
  }

  /** The image that suits the machine best; of several that suit equally the first (image-spec, "image-index.md"). */
  async best(from: readonly Descriptor[]): Promise<Candidate | undefined> {
    let best: Candidate | undefined
    for await (const manifest of this.walk(from)) {
      if (isIndex(manifest)) continue
      const suits = MANIFEST_TYPES.includes(manifest.mediaType)
        ? suitability(manifest.platform, this.machine)
        : undefined
      if (suits === undefined) {
        this.others.add(
          MANIFEST_TYPES.includes(manifest.mediaType) ? describePlatform(manifest.platform) : manifest.mediaType,
        )
      } else if (!best || suits > best.suits) best = { manifest, suits }
    }
    return best
  }

  async #inner(descriptor: Descriptor): Promise<readonly Descriptor[]> {
    const known = this.#read.get(key(descriptor))
    if (known) return known
    const bytes = await readBlob(this.layout, descriptor)
    const inner = readIndex(bytes, `index ${key(descriptor)}`, descriptor.mediaType)
    this.#read.set(key(descriptor), inner)
    return inner
  }
}

/**
 * The manifest of the image that is meant.
 *
 * @throws RtError RT_NOT_FOUND, saying which tags or platforms there are; RT_INVALID_OPTION if it could be several;
 *   RT_ARCHIVE for a document that is not valid
 */
export async function chooseManifest(
  layout: string,
  reference: ImageReference,
  machine: Platform,
): Promise<Descriptor> {
  const { manifest, digest: wanted } = reference
  if (manifest && wanted) return { ...manifest, digest: wanted, annotations: {}, platform: undefined }
  const path = `${layout}/index.json`
  const top = readIndex(await readDocument(path), JSON.stringify(path), undefined)
  const indexes = new Indexes(layout, machine)
  const { tag, digest } = reference
  const quoted = JSON.stringify(layout)
  const tags = [...new Set(top.map(tagOf))].filter((name) => name !== undefined)
  const listed = tags.length > 0 ? `its tags: ${tags.map((name) => JSON.stringify(name)).join(', ')}` : 'it has no tags'

  const named = tag === undefined ? top : top.filter((descriptor) => tagOf(descriptor) === tag)
  if (tag !== undefined && named.length === 0) {
    throw new RtError('RT_NOT_FOUND', `OCI layout ${quoted} has no tag ${JSON.stringify(tag)}`, { hint: listed })
  }
  if (digest) {
    // Who names a manifest by its digest means it, whatever platform the index says it is for.
    for await (const found of indexes.walk(named)) {
      if (key(found) !== formatDigest(digest)) continue
      if (!isIndex(found)) return found
      const best = await indexes.best([found])
      if (best) return best.manifest
      throw noImage(quoted, machine, indexes.others)
    }
    throw new RtError('RT_NOT_FOUND', `OCI layout ${quoted} has no image ${formatReference(reference).slice(1)}`, {
      hint: `oci:${layout}@DIGEST takes what index.json lists; ${listed}`,
    })
  }

  // By digest: one image may be listed twice, under two tags.
  const images = new Map<string, Descriptor>()
  for (const group of tag === undefined ? byTag(top) : [named]) {
    const best = await indexes.best(group)
    if (best) images.set(key(best.manifest), best.manifest)
  }
  const [image, ...more] = images.values()
  if (image && more.length === 0) return image
  if (image) {
    const latest = await indexes.best(top.filter((descriptor) => tagOf(descriptor) === 'latest'))
    if (latest) return latest.manifest
    throw new RtError('RT_INVALID_OPTION', `OCI layout ${quoted} holds more than one image: say which`, {
      hint: `oci:${layout}:TAG or oci:${layout}@DIGEST; ${listed}`,
    })
  }
  throw noImage(quoted, machine, indexes.others)
}

/**
 * The images that a layout holds, each with its forms for several platforms: what has the same tag, or no tag but names
 * its platform; what has neither is an image of its own.
 */
function byTag(top: readonly Descriptor[]): Descriptor[][] {
  const groups = new Map<string | symbol, Descriptor[]>()
  const untagged = Symbol('untagged')
  for (const descriptor of top) {
    const group = tagOf(descriptor) ?? (descriptor.platform ? untagged : Symbol('alone'))
    groups.set(group, [...(groups.get(group) ?? []), descriptor])
  }
  return [...groups.values()]
}

const noImage = (quoted: string, machine: Platform, others: ReadonlySet<string>): RtError =>
  new RtError('RT_NOT_FOUND', `OCI layout ${quoted} has no image for ${describePlatform(machine)}`, {
    hint: others.size > 0 ? `it has: ${[...others].join(', ')}` : 'it holds no image',
  })
