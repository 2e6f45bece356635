import { refuseUnknownOptions } from '@rt/sys'
import type { Index, Manifest } from '../documents/document.js'
import { type Reference, versionOf } from '../reference/reference.js'
import { type RegistryClient, sessionOf } from '../session/client.js'
import { DOCUMENT_OPTIONS, type DocumentOptions } from './document-options.js'
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
  options: DocumentOptions = {},
): Promise<Manifest | Index> {
  refuseUnknownOptions('getDocument', options, DOCUMENT_OPTIONS)
  const session = sessionOf(client)
  return fromPlaces(session, name, options.signal, (repository, reference) =>
    fetchDocument(repository, versionOf(reference), session.patience(options.signal)),
  )
}
