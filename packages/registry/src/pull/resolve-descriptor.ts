import { pullScope } from '../auth/scope.js'
import type { Descriptor } from '../documents/descriptor.js'
import { ACCEPT, bareType, GENERIC_TYPES } from '../documents/media-types.js'
import { discard } from '../http/discard.js'
import type { Patience } from '../http/patience.js'
import { header } from '../http/redirects.js'
import { digestComplaint } from '../reference/digest.js'
import type { Repository } from '../repository/repository.js'
import { fetchDocument } from './fetch-document.js'

/**
 * What a tag points to, by HEAD (distribution-spec, "Checking if content exists in the registry"). Many registries count
 * GETs of manifests and not HEADs. Where the answer lacks the digest, the length or the type, the manifest is fetched.
 *
 * @param version a tag or a digest
 * @throws RegistryError RT_NOT_FOUND, …
 */
export async function resolveDescriptor(
  repository: Repository,
  version: string,
  patience: Patience,
): Promise<Descriptor> {
  const answer = await repository.request({
    method: 'HEAD',
    target: `manifests/${version}`,
    headers: { accept: ACCEPT },
    // Some registries know no HEAD of manifests.
    expect: [200, 405],
    scopes: [pullScope(repository.name)],
    patience,
    what: `manifest ${repository.place}${version.includes(':') ? '@' : ':'}${version}`,
  })
  discard(answer.body)
  const digest = header(answer, 'docker-content-digest') ?? (version.includes(':') ? version : undefined)
  const mediaType = bareType(header(answer, 'content-type'))
  const length = header(answer, 'content-length')
  if (
    answer.status === 200 &&
    digest !== undefined &&
    digestComplaint(digest) === undefined &&
    length !== undefined &&
    !GENERIC_TYPES.includes(mediaType)
  ) {
    return { mediaType, digest, size: Number(length) }
  }
  const { bytes, ...document } = await fetchDocument(repository, version, patience)
  return { mediaType: document.mediaType, digest: document.digest, size: bytes.length }
}
