import { answerError } from '../errors/answer-error.js'
import { RegistryError } from '../errors/registry-error.js'
import { discard } from '../http/discard.js'
import type { Body } from '../http/exchange.js'
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

/** A request to the session's place; its answer's body, a page for people at most, is not read. */
export async function sendPart(
  session: UploadSession,
  request: Pick<ApiRequest, 'method' | 'headers' | 'body' | 'expect'>,
): Promise<Answer> {
  const { repository, location, scopes, patience } = session
  const answer = await repository.request({ ...request, target: location, scopes, patience, what: whatOf(session) })
  discard(answer.body)
  return answer
}

/** What the PUT that closes a session came to. */
export type Closed = 'stored' | 'too large' | 'lost'

/**
 * Closes a session with PUT, with the rest of the blob or with nothing.
 *
 * @returns lost: the connection broke on the way, and the registry doesn't take the rest at this place any more. A broken
 *   PUT may have left a part there, or all of it: then the answer alone was lost, and the blob is there
 * @throws RegistryError
 */
export async function closeSession(session: UploadSession, body: Body): Promise<Closed> {
  const { repository, digest, scopes, patience, location } = session
  const url = new URL(location)
  url.searchParams.set('digest', digest)
  const failures = patience.failedAttempts
  const context = { scopes, patience, what: whatOf(session) }
  const answer = await repository.request({
    method: 'PUT',
    target: url,
    headers: { 'content-type': 'application/octet-stream' },
    body,
    expect: [201, 204, 413, 400, 404, 416],
    ...context,
  })
  if (answer.status === 201 || answer.status === 204) {
    discard(answer.body)
    confirmDigest(session, answer)
    return 'stored'
  }
  const error = await answerError('PUT', answer, context.what)
  if (answer.status === 413 && body.length > 0) return 'too large'
  // Refused at the first attempt it is refused for a reason of its own.
  if (patience.failedAttempts === failures) throw error
  const there = await repository.request({ method: 'HEAD', target: `blobs/${digest}`, expect: [200, 404], ...context })
  discard(there.body)
  return there.status === 200 ? 'stored' : 'lost'
}

/**
 * A registry that says it took a blob under another digest than it was given is broken, or not what answers.
 *
 * @throws RegistryError RT_REGISTRY
 */
function confirmDigest(session: UploadSession, answer: Answer): void {
  const said = header(answer, 'docker-content-digest')
  // By another algorithm it may be called otherwise.
  if (said === undefined || said === session.digest || said.split(':')[0] !== session.digest.split(':')[0]) return
  throw new RegistryError({
    code: 'RT_REGISTRY',
    message: `${whatOf(session)}: the registry took it as ${said}`,
    url: answer.url,
  })
}
