import { RtError } from '@rt/sys'
import { isDigest } from '../blobs/digest.js'
import { type Entry, nameOf, pulledDigestOf } from '../names/descriptor.js'
import { readNames } from '../names/names.js'
import { type ImageStore, placesOf } from '../store/open-store.js'
import { describeImage, type ImageInfo, isWhole } from './image-info.js'

/**
 * An image by one of the names that it may have.
 *
 * @param names whole ones, the first that is there counts: `docker.io/library/debian:latest`, `…/debian@sha256:…`
 * @returns undefined if it is not there, or not all of it
 */
export function findImage(store: ImageStore, names: readonly string[]): ImageInfo | undefined {
  const places = placesOf(store)
  const { entries } = readNames(places)
  for (const name of names) {
    const entry = entries.find((each) => nameOf(each) === name) ?? byDigest(entries, name)
    if (entry && isWhole(places, entry)) return describeImage(places, entry)
  }
  return undefined
}

/** `REPOSITORY@DIGEST` names what was pulled by a tag, too: the digest says which it is. */
function byDigest(entries: readonly Entry[], name: string): Entry | undefined {
  const [repository = '', digest] = name.split('@')
  if (!isDigest(digest)) return undefined
  return entries.find(
    (entry) =>
      (entry.digest === digest || pulledDigestOf(entry) === digest) &&
      repositoryOf(nameOf(entry)) === repositoryOf(repository),
  )
}

/** `docker.io/library/debian:12` without its tag, or digest. */
export const repositoryOf = (name: string | undefined): string | undefined =>
  name?.replace(/@.*$/s, '').replace(/:[^:/]*$/, '')

/** Hex digits that are enough to name an image, if only one begins with them. */
const SHORTEST = 2

/**
 * Images by the beginning of their ID, or of their manifest's digest.
 *
 * @param id `1a2b3c`, `sha256:1a2b3c`
 * @returns all entries of the one image
 * @throws RtError RT_INVALID_OPTION if several images begin so
 */
export function findById(store: ImageStore, id: string): ImageInfo[] {
  const [, hex] = /^(?:sha256:)?([0-9a-f]+)$/.exec(id) ?? []
  if (hex === undefined || hex.length < SHORTEST) return []
  const prefix = `sha256:${hex}`
  const found = listImages(store).images.filter(({ id, digest }) => id.startsWith(prefix) || digest.startsWith(prefix))
  const ids = new Set(found.map((image) => image.id))
  if (ids.size <= 1) return found
  throw new RtError('RT_INVALID_OPTION', `several images begin with ${JSON.stringify(id)}`, {
    hint: [...ids].join(', '),
  })
}

/** What a store has. */
export interface ImageList {
  readonly images: readonly ImageInfo[]
  /** Entries that are no image, or not whole. */
  readonly damaged: readonly { readonly entry: Entry; readonly error: RtError }[]
  /** Names of rt's that another tool has lost from index.json; they still hold, and the next change puts them back. */
  readonly vanished: readonly string[]
}

/** All images of the store, in the order in which they came. */
export function listImages(store: ImageStore): ImageList {
  const places = placesOf(store)
  const { entries, vanished } = readNames(places)
  const images: ImageInfo[] = []
  const damaged: { entry: Entry; error: RtError }[] = []
  for (const entry of entries) {
    try {
      images.push(describeImage(places, entry))
    } catch (error) {
      if (!RtError.isInstance(error)) throw error
      damaged.push({ entry, error })
    }
  }
  return { images, damaged, vanished }
}
