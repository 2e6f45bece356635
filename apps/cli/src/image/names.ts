import { findById, findImage, type ImageInfo, type ImageStore, wholeName } from '@rt/image'
import type { Reference, RegistryClient } from '@rt/registry'
import { RtError } from '@rt/sys'

/** As Docker shows it: `debian`, not `docker.io/library/debian`. */
export const familiar = (name: string): string => name.replace(/^docker\.io\/(library\/)?/, '')

/** The first of the names that a user's may mean: what is made here gets it. */
export const ownName = (client: RegistryClient, text: string): string => wholeName(client.meanings(text)[0])

/** All whole names that a user's may mean, the likeliest first. */
export const wholeNames = (client: RegistryClient, text: string | Reference): string[] =>
  client.meanings(text).map(wholeName)

/**
 * The image of the store that a user means: by name, or by the beginning of its ID.
 *
 * @throws RtError RT_NOT_FOUND in Docker's words
 */
export function imageOf(store: ImageStore, client: RegistryClient, text: string): ImageInfo {
  const found = lookedUp(store, client, text)
  if (found) return found
  throw new RtError('RT_NOT_FOUND', `no such image: ${text}`, {
    hint: `looked in ${store.layout}; rt image ls lists what is there, rt pull ${text} gets it`,
  })
}

/** @returns undefined if there is none; @throws RtError RT_INVALID_OPTION for what is no name */
function lookedUp(store: ImageStore, client: RegistryClient, text: string): ImageInfo | undefined {
  // An ID is a name, too: `docker run c0ffee`. What has the name is meant first.
  const byName = isName(text) ? findImage(store, wholeNames(client, text)) : undefined
  const byId = byName ? [] : findById(store, text)
  if (byName || byId.length > 0 || isName(text)) return byName ?? byId[0]
  wholeNames(client, text)
  return undefined
}

/** `sha256:…` alone is an ID, never a name. */
const isName = (text: string): boolean => !/^sha256:/.test(text)
