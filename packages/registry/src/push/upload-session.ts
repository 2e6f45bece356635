import { RegistryError } from '../errors/registry-error.js'
import type { Patience } from '../http/patience.js'
import { type Answer, header } from '../http/redirects.js'
import type { ApiRequest, Repository } from '../repository/repository.js'

/** An upload that a registry has opened. */
export interface UploadSession {
  readonly repository: Repository
  readonly digest: string
  readonly scopes: readonly string[]
  readonly patience: Patience
  /** Where the next request goes; each answer names a new place, and it must be used as it stands. */
  location: URL
  /** Bytes that every chunk but the last must have at least (OCI-Chunk-Min-Length); 0: any. */
  readonly chunkMinimum: number
}

/** The answer to a POST of `blobs/uploads/` as a session. */
export function openedSession(
  answer: Answer,
  context: Omit<UploadSession, 'location' | 'chunkMinimum'>,
  what: string,
): UploadSession {
  const minimum = Number(header(answer, 'oci-chunk-min-length') ?? 0)
  return {
    ...context,
    location: context.repository.location(answer, what),
    chunkMinimum: Number.isSafeInteger(minimum) && minimum > 0 ? minimum : 0,
  }
}

export const whatOf = ({ repository, digest }: Pick<UploadSession, 'repository' | 'digest'>): string =>
  `upload of ${digest} to ${repository.place}`

/** A request of the session; its body, a page for people at most, is not read. */
export async function sendPart(
  session: UploadSession,
  request: Pick<ApiRequest, 'method' | 'headers' | 'body' | 'expect'> & { readonly target?: URL },
): Promise<Answer> {
  const { repository, location, scopes, patience } = session
  const answer = await repository.request({ target: location, ...request, scopes, patience, what: whatOf(session) })
  answer.body.destroy()
  return answer
}

/** The session's Location with the digest that closes it. */
export function closingUrl({ location, digest }: UploadSession): URL {
  const url = new URL(location)
  url.searchParams.set('digest', digest)
  return url
}

/**
 * A registry that says it took a blob under another digest than it was given is broken, or not what answers.
 *
 * @throws RegistryError RT_REGISTRY
 */
export function confirmDigest(session: UploadSession, answer: Answer): void {
  const said = header(answer, 'docker-content-digest')
  // By another algorithm it may be called otherwise.
  if (said === undefined || said === session.digest || said.split(':')[0] !== session.digest.split(':')[0]) return
  throw new RegistryError({
    code: 'RT_REGISTRY',
    message: `${whatOf(session)}: the registry took it as ${said}`,
    url: answer.url,
  })
}
