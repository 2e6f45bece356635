import { type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'
import { pullScope, pushScope } from '../auth/scope.js'
import { discard } from '../http/discard.js'
import type { Patience } from '../http/patience.js'
import { checkDigest } from '../reference/digest.js'
import { parseReference, type Reference } from '../reference/reference.js'
import type { Repository } from '../repository/repository.js'
import { type RegistryClient, sessionOf } from '../session/client.js'
import type { BlobContent } from './content.js'
import { uploadChunked } from './upload-chunked.js'
import { openedSession, whatOf } from './upload-session.js'
import { uploadSingle } from './upload-single.js'

export interface PushBlobOptions {
  /** Repositories of the same registry that may have the blob already: `team/base`. It is then not sent. */
  readonly mountFrom?: readonly string[]
  /**
   * Bytes per request; a chunk is held in memory, and is at least what the registry demands. Default: the whole blob in one
   * request, and 16 MiB where a registry calls that too large.
   */
  readonly chunkSize?: number
  readonly signal?: AbortSignal
}

const OPTIONS: OptionKeys<PushBlobOptions> = { mountFrom: true, chunkSize: true, signal: true }

/** How a blob came to be in the repository. */
export type Pushed = 'there already' | 'mounted' | 'uploaded'

const DEFAULT_CHUNK = 16 * 1024 * 1024

/**
 * Brings a blob into a repository (distribution-spec, "Pushing blobs"): not at all if it is there, by mounting it from
 * another repository of the registry, or by sending it.
 *
 * @param name the repository
 * @param content read once per attempt, and compared with its digest and size while it is sent
 * @throws RtError RT_ARCHIVE if the content isn't what it is said to be; RT_PERMISSION, RT_NETWORK, RT_REGISTRY; what
 *   `open` throws
 */
export async function pushBlob(
  client: RegistryClient,
  name: string | Reference,
  content: BlobContent,
  options: PushBlobOptions = {},
): Promise<Pushed> {
  refuseUnknownOptions('pushBlob', options, OPTIONS)
  const { mountFrom = [], chunkSize, signal } = options
  if (chunkSize !== undefined && !(Number.isSafeInteger(chunkSize) && chunkSize > 0)) {
    throw new RtError('RT_INVALID_OPTION', `chunkSize is a number of bytes, got ${chunkSize}`)
  }
  const { digest, size } = content
  checkDigest(digest)
  if (!Number.isSafeInteger(size) || size < 0)
    throw new RtError('RT_INVALID_OPTION', `size is a number of bytes, got ${size}`)
  // Names become parts of URLs.
  const sources = mountFrom.map((source) => parseReference(`registry.invalid/${source}`).repository)
  const session = sessionOf(client)
  const repository = await session.pushTarget(session.theMeaning(name))
  const patience = session.patience(signal)
  const context = { repository, digest, scopes: [pushScope(repository.name)], patience }

  const there = await repository.request({
    method: 'HEAD',
    target: `blobs/${digest}`,
    expect: [200, 404],
    ...context,
    what: whatOf(context),
  })
  discard(there.body)
  if (there.status === 200) return 'there already'
  for (const source of sources) if (await mount(repository, digest, source, context)) return 'mounted'

  const start = async () => {
    const answer = await repository.request({
      method: 'POST',
      target: 'blobs/uploads/',
      body: new Uint8Array(0),
      expect: [202],
      ...context,
      what: whatOf(context),
    })
    discard(answer.body)
    return openedSession(answer, context, whatOf(context))
  }
  if (chunkSize !== undefined) await uploadChunked(await start(), content, chunkSize)
  else if (!(await uploadSingle(start, content))) await uploadChunked(await start(), content, DEFAULT_CHUNK)
  return 'uploaded'
}

/**
 * Asks for a blob of another repository (distribution-spec, "Mounting a blob from another repository").
 *
 * @returns false: the registry opened an upload instead, which is left to it
 */
async function mount(
  repository: Repository,
  digest: string,
  source: string,
  context: { readonly scopes: readonly string[]; readonly patience: Patience },
): Promise<boolean> {
  const query = new URLSearchParams({ mount: digest, from: source })
  const answer = await repository.request({
    method: 'POST',
    target: `blobs/uploads/?${query}`,
    body: new Uint8Array(0),
    // 4xx: who may push here need not be allowed to read there; then the blob is sent.
    expect: [201, 202, 401, 403, 404],
    scopes: [...context.scopes, pullScope(source)],
    patience: context.patience,
    what: `mount of ${digest} from ${source} in ${repository.place}`,
  })
  discard(answer.body)
  return answer.status === 201
}
