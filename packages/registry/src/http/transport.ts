import { answerError } from '../errors/answer-error.js'
import type { Connections } from './connections.js'
import { type Exchange, SourceFailure } from './exchange.js'
import { isTransient, networkError } from './network-error.js'
import type { Patience } from './patience.js'
import { type Answer, follow, header } from './redirects.js'
import { retryAfter } from './retry-after.js'

/** Too many requests, and failures that may be over soon. 501, 505 and 511 say that they will not be. */
const isBusy = (status: number): boolean => status === 429 || (status >= 500 && ![501, 505, 511].includes(status))

/**
 * Sends a request until it is answered: broken connections, 429 and 5xx are tried again, whatever the method. All of
 * distribution-spec's requests can be: what is put is named by its digest, or is put once more under the same tag.
 *
 * @param what was asked for, for messages
 * @returns an answer of any other status, its body unread
 * @throws RegistryError when the patience ends, or at once for what no retry mends; the signal's reason
 */
export async function send(
  request: Omit<Exchange, 'signal'>,
  connections: Connections,
  patience: Patience,
  what: string,
): Promise<Answer> {
  const { method, url } = request
  const { userAgent } = connections.options
  // Digests are of stored bytes: no compression on the way.
  const headers = { 'user-agent': userAgent, 'accept-encoding': 'identity', ...request.headers }
  for (;;) {
    let answer: Answer
    try {
      answer = await follow({ ...request, headers, signal: patience.signal }, connections)
    } catch (error) {
      if (error instanceof SourceFailure) throw error.cause
      if (patience.signal?.aborted || !isNetworkFailure(error)) throw error
      const told = networkError(method, url, error)
      if (!isTransient(error)) throw told
      await patience.pause(told)
      continue
    }
    if (!isBusy(answer.status)) return answer
    await patience.pause(await answerError(method, answer, what), retryAfter(header(answer, 'retry-after')))
  }
}

/** Errors of Node's have a code and aren't ours. A TypeError is for a header that can't be sent: no network has seen it. */
const isNetworkFailure = (error: unknown): boolean =>
  error instanceof Error &&
  !(error instanceof TypeError) &&
  !('kind' in error) &&
  typeof (error as NodeJS.ErrnoException).code === 'string'
