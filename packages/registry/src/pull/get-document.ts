import type { RegistryClient } from '../client.js'
import type { Index, Manifest } from '../documents/document.js'
import { type Reference, versionOf } from '../reference/reference.js'
import { fetchDocument } from './fetch-document.js'
import { fromPlaces } from './from-places.js'

/**
 * Gets one manifest or index, verified, whatever it is for: an artifact, a signature, all platforms of an image.
 *
 * @throws as {@link pull}, without platforms
 */
export async function getDocument(
  client: RegistryClient,
  name: string | Reference,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Manifest | Index> {
  return fromPlaces(client, name, options.signal, (repository, reference) =>
    fetchDocument(repository, versionOf(reference), client.patience(options.signal)),
  )
}
