import { findById, findImage, type ImageStore, listImages, nameOf, removeNames } from '@rt/image'
import type { RegistryClient } from '@rt/registry'
import { RtError } from '@rt/sys'
import { familiar, imageOf, wholeNames } from './names.js'

/**
 * Takes a name from an image, or all names from one that is given by its ID.
 *
 * @param force by its ID even where it has several names
 * @returns the names that are gone
 * @throws RtError RT_NOT_FOUND; RT_INVALID_OPTION in Docker's words where it is not sure which name is meant
 */
export function removeImage(store: ImageStore, client: RegistryClient, text: string, force: boolean): string[] {
  const named = text.startsWith('sha256:') ? undefined : byWholeName(store, client, text)
  if (named !== undefined)
    return removeNames(store, (entry) => nameOf(entry) === named).flatMap((entry) => nameOf(entry) ?? [])
  const images = findById(store, text)
  // Not there: said as everywhere.
  const { id } = images[0] ?? imageOf(store, client, text)
  const same = listImages(store).images.filter((image) => image.id === id)
  const names = [...new Set(same.flatMap(({ name }) => name ?? []))]
  const repositories = new Set(names.map((name) => name.replace(/[:@][^/]*$/, '')))
  if (repositories.size > 1 && !force) {
    throw new RtError('RT_INVALID_OPTION', `${text} has names in several repositories: it must be forced`, {
      hint: `rt image rm -f ${text} takes all of them: ${names.map(familiar).join(', ')}`,
    })
  }
  const digests = new Set(same.map(({ entry }) => entry.digest))
  return removeNames(store, (entry) => digests.has(entry.digest)).flatMap((entry) => nameOf(entry) ?? [])
}

/** Also of an image that is damaged, or not whole: a name is enough. */
function byWholeName(store: ImageStore, client: RegistryClient, text: string): string | undefined {
  const wholes = wholeNames(client, text)
  const { images, damaged } = listImages(store)
  const names = [...images.map(({ name }) => name), ...damaged.map(({ entry }) => nameOf(entry))]
  return wholes.find((whole) => names.includes(whole)) ?? findImage(store, wholes)?.name
}
