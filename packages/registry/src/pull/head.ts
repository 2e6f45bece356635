import type { RegistryClient } from '../client.js'
import type { Descriptor } from '../documents/descriptor.js'
import { type Reference, versionOf } from '../reference/reference.js'
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
  options: { readonly signal?: AbortSignal } = {},
): Promise<Descriptor> {
  return fromPlaces(client, name, options.signal, (repository, reference) =>
    resolveDescriptor(repository, versionOf(reference), client.patience(options.signal)),
  )
}
