import { type Entry, named, nameOf } from '../names/descriptor.js'
import { editNames } from '../names/names.js'
import { type ImageStore, placesOf } from '../store/open-store.js'
import type { ImageInfo } from './image-info.js'

/**
 * Gives an image one more name; what had the name before loses it.
 *
 * @param name whole: `docker.io/library/app:v1`
 * @param image must be held by a lease, or have a name that nobody takes from it meanwhile
 */
export function tagImage(store: ImageStore, image: ImageInfo, name: string): void {
  putName(store, image.entry, name)
}

/** @param pulledDigest what the name has in its registry */
export function putName(store: ImageStore, entry: Entry, name: string, pulledDigest?: string): void {
  const fresh = named(entry, name, pulledDigest)
  editNames(placesOf(store), (entries) => [
    ...entries.filter((each) => nameOf(each) !== name && !isNameless(each, entry)),
    fresh,
  ])
}

/** An image that has no name, as far as it has none already. */
export function putNameless(store: ImageStore, entry: Entry): void {
  editNames(placesOf(store), (entries) =>
    entries.some(({ digest }) => digest === entry.digest) ? entries : [...entries, entry],
  )
}

/** The same image, without a name: once it has one, that entry says nothing. */
const isNameless = (each: Entry, entry: Entry): boolean => nameOf(each) === undefined && each.digest === entry.digest

/**
 * Takes names from images; an image without any is swept by {@link sweep}.
 *
 * @returns the entries that are gone
 */
export function removeNames(store: ImageStore, isMeant: (entry: Entry) => boolean): Entry[] {
  const gone: Entry[] = []
  editNames(placesOf(store), (entries) => {
    gone.push(...entries.filter(isMeant))
    return gone.length === 0 ? entries : entries.filter((entry) => !isMeant(entry))
  })
  return gone
}
