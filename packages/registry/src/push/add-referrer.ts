import { RtError } from '@rt/sys'
import type { JsonObject } from '../documents/complaints.js'
import type { Descriptor } from '../documents/descriptor.js'
import { OCI_INDEX } from '../documents/media-types.js'
import { RegistryError } from '../errors/registry-error.js'
import type { Patience } from '../http/patience.js'
import { fetchDocument } from '../pull/fetch-document.js'
import { referrersTag } from '../pull/referrers-tag.js'
import { digestOf } from '../reference/digest.js'
import type { Repository } from '../repository/repository.js'

/** A descriptor as it is written into an index. */
export type ReferrerEntry = Omit<Descriptor, 'annotations'> & { readonly annotations: JsonObject }

/**
 * Adds a manifest to the index under its subject's referrers tag (distribution-spec, "Pushing Manifests with Subject").
 * Two that do so at the same time may lose one: without the API a registry offers no way to prevent that.
 *
 * @param put pushes the index
 */
export async function addReferrer(
  repository: Repository,
  subject: string,
  entry: ReferrerEntry,
  patience: Patience,
  put: (tag: string, bytes: Uint8Array, mediaType: string, digest: string) => Promise<unknown>,
): Promise<void> {
  const tag = referrersTag(subject)
  const before = await indexAt(repository, tag, patience)
  if (before.some(({ digest }) => digest === entry.digest)) return
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [...before, entry] }
  const bytes = Buffer.from(JSON.stringify(index))
  await put(tag, bytes, OCI_INDEX, digestOf(bytes))
}

async function indexAt(repository: Repository, tag: string, patience: Patience): Promise<readonly Descriptor[]> {
  try {
    const document = await fetchDocument(repository, tag, patience)
    if (document.kind === 'index') return document.manifests
  } catch (error) {
    if (RegistryError.isInstance(error) && error.status === 404) return []
    throw error
  }
  throw new RtError(
    'RT_WRONG_TYPE',
    `the tag ${tag} of ${repository.place} is to hold what refers to that digest, and holds an image`,
  )
}
