import { RtError } from '@rt/sys'
import type { Descriptor } from '../documents/descriptor.js'
import type { Index, Manifest } from '../documents/document.js'
import { INDEX_TYPES, MANIFEST_TYPES } from '../documents/media-types.js'
import { formatPlatform, type Platform, suitability } from '../documents/platform.js'

/** Indexes in one another: more than anybody makes, less than would harm. */
const MAX_NESTING = 4
/** Indexes in all: each one is a request. */
const MAX_INDEXES = 16

interface Candidate {
  readonly descriptor: Descriptor
  readonly suits: number
}

/**
 * The manifest of an index that suits a machine best; of several that suit equally the first (image-spec
 * "image-index.md"). Indexes in it are looked into.
 *
 * @param fetch gets a document that a descriptor names, verified
 * @throws RtError RT_NOT_FOUND, listing the platforms that there are; RT_LIMIT for indexes without end
 */
export async function chooseManifest(
  index: Index,
  machine: Platform,
  what: string,
  fetch: (descriptor: Descriptor) => Promise<Manifest | Index>,
): Promise<Descriptor> {
  const others = new Set<string>()
  const seen = new Set([index.digest])

  const best = async ({ manifests }: Index, nesting: number): Promise<Candidate | undefined> => {
    let found: Candidate | undefined
    for (const descriptor of manifests) {
      const candidate = await judge(descriptor, nesting)
      if (candidate && (!found || candidate.suits > found.suits)) found = candidate
    }
    return found
  }

  const judge = async (descriptor: Descriptor, nesting: number): Promise<Candidate | undefined> => {
    const { mediaType, platform } = descriptor
    const suits = suitability(platform, machine)
    if (INDEX_TYPES.includes(mediaType)) {
      // An index may say what all in it are for, which spares looking.
      if (suits === undefined) others.add(formatPlatform(platform))
      if (suits === undefined || seen.has(descriptor.digest)) return undefined
      seen.add(descriptor.digest)
      if (nesting === MAX_NESTING)
        throw new RtError('RT_LIMIT', `${what}: more than ${MAX_NESTING} indexes in one another`)
      if (seen.size > MAX_INDEXES) throw new RtError('RT_LIMIT', `${what}: more than ${MAX_INDEXES} indexes in it`)
      const inner = await fetch(descriptor)
      return inner.kind === 'index' ? best(inner, nesting + 1) : undefined
    }
    if (!MANIFEST_TYPES.includes(mediaType)) others.add(mediaType)
    // What build tools attach beside images (provenance, bills of material) is for "unknown/unknown".
    else if (suits === undefined && platform?.os !== 'unknown') others.add(formatPlatform(platform))
    return suits === undefined || !MANIFEST_TYPES.includes(mediaType) ? undefined : { descriptor, suits }
  }

  const chosen = await best(index, 1)
  if (chosen) return chosen.descriptor
  throw new RtError('RT_NOT_FOUND', `${what} has no image for ${formatPlatform(machine)}`, {
    hint: others.size > 0 ? `it has: ${[...others].join(', ')}` : 'its index is empty',
  })
}
