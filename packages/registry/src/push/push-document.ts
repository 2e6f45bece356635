import { type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'
import { pushScope } from '../auth/scope.js'
import type { Descriptor } from '../documents/descriptor.js'
import { readDocument } from '../documents/document.js'
import { RegistryError } from '../errors/registry-error.js'
import { discard } from '../http/discard.js'
import type { Patience } from '../http/patience.js'
import { header } from '../http/redirects.js'
import { MAX_DOCUMENT } from '../pull/fetch-document.js'
import { algorithmOf, digestOf } from '../reference/digest.js'
import { type Reference, versionOf } from '../reference/reference.js'
import type { Repository } from '../repository/repository.js'
import { type RegistryClient, sessionOf } from '../session/client.js'
import { addReferrer } from './add-referrer.js'

export interface PushDocumentOptions {
  /** Default: the document's own `mediaType`. */
  readonly mediaType?: string
  readonly signal?: AbortSignal
}

const OPTIONS: OptionKeys<PushDocumentOptions> = { mediaType: true, signal: true }

/**
 * Pushes a manifest or an index whose blobs and manifests are there already (distribution-spec, "Pushing Manifests"). If
 * it has a subject and the registry has no referrers API, the index under the referrers tag is brought up to date.
 *
 * @param name with a tag, or with the digest that the bytes have; neither: `latest`
 * @param bytes sent as they are: what the digest is of
 * @returns its descriptor
 * @throws RtError RT_INVALID_OPTION for another digest in the name; RT_ARCHIVE, RT_UNSAFE for a document that `pull` would
 *   refuse; RT_LIMIT above 4 MiB; RegistryError
 */
export async function pushDocument(
  client: RegistryClient,
  name: string | Reference,
  bytes: Uint8Array,
  options: PushDocumentOptions = {},
): Promise<Descriptor> {
  refuseUnknownOptions('pushDocument', options, OPTIONS)
  const { mediaType: type, signal } = options
  const session = sessionOf(client)
  const reference = session.theMeaning(name)
  if (bytes.length > MAX_DOCUMENT) {
    throw new RtError('RT_LIMIT', `a manifest of ${bytes.length} bytes: registries need take ${MAX_DOCUMENT} only`)
  }
  const digest = digestOf(bytes, reference.digest === undefined ? undefined : algorithmOf(reference.digest))
  if (reference.digest !== undefined && reference.digest !== digest) {
    throw new RtError(
      'RT_INVALID_OPTION',
      `the document is to be pushed as ${reference.digest} and has the digest ${digest}`,
    )
  }
  const document = readDocument(bytes, { what: 'the document to push', descriptorType: type, digest })
  const repository = await session.pushTarget(reference)
  const patience = session.patience(signal)
  const knowsReferrers = await putDocument(
    repository,
    versionOf(reference),
    document.mediaType,
    bytes,
    digest,
    patience,
  )
  const descriptor: Descriptor = { mediaType: document.mediaType, digest, size: bytes.length }
  if (document.subject && !knowsReferrers) {
    const { artifactType, annotations, subject } = document
    const configType = document.kind === 'manifest' ? document.config.mediaType : undefined
    const entry = { ...descriptor, artifactType: artifactType ?? configType, annotations }
    await addReferrer(repository, subject.digest, entry, patience, (tag, index, indexType, indexDigest) =>
      putDocument(repository, tag, indexType, index, indexDigest, patience),
    )
  }
  return descriptor
}

/** @returns whether the registry says that it has noted the subject (OCI-Subject) */
async function putDocument(
  repository: Repository,
  version: string,
  mediaType: string,
  bytes: Uint8Array,
  digest: string,
  patience: Patience,
): Promise<boolean> {
  const what = `manifest ${repository.place}${version.includes(':') ? '@' : ':'}${version}`
  const answer = await repository.request({
    method: 'PUT',
    target: `manifests/${version}`,
    headers: { 'content-type': mediaType },
    body: bytes,
    expect: [201, 200, 202],
    scopes: [pushScope(repository.name)],
    patience,
    what,
  })
  discard(answer.body)
  const said = header(answer, 'docker-content-digest')
  if (said !== undefined && algorithmOf(said) === algorithmOf(digest) && said !== digest) {
    throw new RegistryError({
      code: 'RT_REGISTRY',
      message: `${what}: the registry took it as ${said}, and it is ${digest}`,
      hint: 'it rewrites what it is given; signatures of it will not hold',
      url: answer.url,
    })
  }
  return header(answer, 'oci-subject') !== undefined
}
