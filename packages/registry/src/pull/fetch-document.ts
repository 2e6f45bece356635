import { RtError } from '@rt/sys'
import { pullScope } from '../auth/scope.js'
import type { Descriptor } from '../documents/descriptor.js'
import { type Index, type Manifest, readDocument } from '../documents/document.js'
import { ACCEPT } from '../documents/media-types.js'
import type { Patience } from '../http/patience.js'
import { header } from '../http/redirects.js'
import { algorithmOf, digestComplaint, digestOf } from '../reference/digest.js'
import type { Repository } from '../repository/repository.js'

/** Bytes; registries must take as much (distribution-spec, "Pushing Manifests"), and none in use is nearly as large. */
export const MAX_DOCUMENT = 4 * 1024 * 1024

/**
 * Fetches and verifies a manifest or an index (distribution-spec, "Pulling manifests").
 *
 * @param version a tag, or a digest, which the bytes must then have
 * @param descriptor what led here, if something did: its size and media type must be true
 * @throws RtError RT_ARCHIVE, RT_UNSAFE, RT_UNSUPPORTED for what it is; RT_LIMIT above 4 MiB; RegistryError
 */
export async function fetchDocument(
  repository: Repository,
  version: string,
  patience: Patience,
  descriptor?: Descriptor,
): Promise<Manifest | Index> {
  const isDigest = version.includes(':')
  const what = `manifest ${repository.place}${isDigest ? '@' : ':'}${version}`
  if (descriptor && descriptor.size > MAX_DOCUMENT) {
    throw new RtError('RT_LIMIT', `${what} is ${descriptor.size} bytes large, and ${MAX_DOCUMENT} are the most`)
  }
  const { answer, bytes } = await repository.fetch(
    {
      method: 'GET',
      target: `manifests/${version}`,
      headers: { accept: ACCEPT },
      expect: [200],
      scopes: [pullScope(repository.name)],
      patience,
      what,
    },
    MAX_DOCUMENT,
  )
  if (descriptor && descriptor.size !== bytes.length) {
    throw new RtError('RT_ARCHIVE', `${what} has ${bytes.length} bytes, and its descriptor says ${descriptor.size}`)
  }
  const digest = verifiedDigest(bytes, isDigest ? version : undefined, header(answer, 'docker-content-digest'), what)
  return readDocument(bytes, {
    what,
    contentType: header(answer, 'content-type'),
    descriptorType: descriptor?.mediaType,
    digest,
  })
}

/** The digest of the bytes, by the algorithm that was asked for, or else the one that the registry names. */
function verifiedDigest(bytes: Uint8Array, asked: string | undefined, said: string | undefined, what: string): string {
  const known = said !== undefined && digestComplaint(said) === undefined ? said : undefined
  const expected = asked ?? known
  const found = digestOf(bytes, expected === undefined ? undefined : algorithmOf(expected))
  if (expected === undefined || found === expected) return found
  throw new RtError('RT_ARCHIVE', `${what} is damaged: expected ${expected}, found ${found}`, {
    hint: 'the registry, or something between, serves other bytes than were pushed',
  })
}
