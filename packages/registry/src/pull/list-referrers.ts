import { type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'
import type { Descriptor } from '../documents/descriptor.js'
import { readDocument } from '../documents/document.js'
import { OCI_INDEX } from '../documents/media-types.js'
import { RegistryError } from '../errors/registry-error.js'
import { header } from '../http/redirects.js'
import { checkDigest } from '../reference/digest.js'
import type { Reference } from '../reference/reference.js'
import type { Repository } from '../repository/repository.js'
import { type RegistryClient, sessionOf } from '../session/client.js'
import type { Session } from '../session/session.js'
import { fetchDocument } from './fetch-document.js'
import { pages } from './pages.js'
import { referrersTag } from './referrers-tag.js'

export interface ListReferrersOptions {
  /** Only those of this type: `application/vnd.dev.cosign.artifact.sig.v1+json`. Default: all. */
  readonly artifactType?: string
  readonly signal?: AbortSignal
}

const OPTIONS: OptionKeys<ListReferrersOptions> = { artifactType: true, signal: true }

/**
 * What refers to a manifest as its subject: signatures, bills of material (distribution-spec, "Listing Referrers"). Where
 * the registry has no such API the index under the referrers tag is read.
 *
 * @param name the repository
 * @param digest of the manifest; it need not be there
 * @returns none if nothing refers to it
 * @throws RtError RT_ARCHIVE for an answer that is no index; RT_LIMIT for pages without end; RegistryError
 */
export function listReferrers(
  client: RegistryClient,
  name: string | Reference,
  digest: string,
  options: ListReferrersOptions = {},
): AsyncGenerator<Descriptor> {
  refuseUnknownOptions('listReferrers', options, OPTIONS)
  checkDigest(digest)
  return referrersOf(sessionOf(client), name, digest, options)
}

async function* referrersOf(
  session: Session,
  name: string | Reference,
  digest: string,
  { artifactType, signal }: ListReferrersOptions,
): AsyncGenerator<Descriptor> {
  const repository = await session.pushTarget(session.theMeaning(name))
  const what = `referrers of ${repository.place}@${digest}`
  const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`
  const request = { target: `referrers/${digest}${query}`, headers: { accept: OCI_INDEX }, alsoExpect: [404], what }
  for await (const { answer, bytes } of pages(repository, request, () => session.patience(signal))) {
    if (answer.status === 404) {
      for (const each of await taggedReferrers(repository, digest, session, signal))
        if (suits(each, artifactType)) yield each
      return
    }
    const index = readDocument(bytes, { what, contentType: header(answer, 'content-type'), descriptorType: OCI_INDEX })
    if (index.kind !== 'index') throw new RtError('RT_ARCHIVE', `${what}: the answer is no index`)
    // A registry may leave the filter to us, and says so by what it doesn't say.
    for (const each of index.manifests) if (suits(each, artifactType)) yield each
  }
}

const suits = (descriptor: Descriptor, artifactType: string | undefined): boolean =>
  artifactType === undefined || descriptor.artifactType === artifactType

async function taggedReferrers(
  repository: Repository,
  digest: string,
  session: Session,
  signal: AbortSignal | undefined,
): Promise<readonly Descriptor[]> {
  try {
    const index = await fetchDocument(repository, referrersTag(digest), session.patience(signal))
    // Under that tag somebody may have put an image of his; then nothing refers.
    return index.kind === 'index' ? index.manifests : []
  } catch (error) {
    if (RegistryError.isInstance(error) && error.status === 404) return []
    throw error
  }
}
