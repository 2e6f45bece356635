import { refuseUnknownOptions } from '@rt/sys'
import type { Descriptor } from '../documents/descriptor.js'
import { type Reference, versionOf } from '../reference/reference.js'
import { type RegistryClient, sessionOf } from '../session/client.js'
import { DOCUMENT_OPTIONS, type DocumentOptions } from './document-options.js'
import { fromPlaces } from './from-places.js'
import { resolveDescriptor } from './resolve-descriptor.js'

/**
 * What a tag or digest names, without getting it (HEAD): the digest to compare with what is here already.
 *
 * The digest is the registry's word, not verified: pull by it to be sure.
 *
 * @throws RtError RT_NOT_FOUND, RT_PERMISSION, RT_NETWORK, RT_REGISTRY
 */
export async function head(
  client: RegistryClient,
  name: string | Reference,
  options: DocumentOptions = {},
): Promise<Descriptor> {
  refuseUnknownOptions('head', options, DOCUMENT_OPTIONS)
  const session = sessionOf(client)
  return fromPlaces(session, name, options.signal, (repository, reference) =>
    resolveDescriptor(repository, versionOf(reference), session.patience(options.signal)),
  )
}
