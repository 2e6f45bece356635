import http, { type Agent, type IncomingMessage } from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** What is sent. A stream is given as a function, so that a retry can send it again. */
export type Body = Uint8Array | { readonly length: number; readonly open: () => AsyncIterable<Uint8Array> }

/** One request to one URL. */
export interface Exchange {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Body | undefined
  readonly signal?: AbortSignal | undefined
}

/** Error of a content that the caller gives, while it was sent: not the network's, and not to be retried. */
export class SourceFailure extends Error {
  constructor(override readonly cause: unknown) {
    super('the content could not be read')
  }
}

/** How many times as long a registry may think about what it was sent: it puts a large blob into its place. */
const THINKING = 10

/**
 * Sends one request and waits for the answer's head. fetch takes no CA of its own, so this is node:http.
 *
 * @param agent of the URL's scheme
 * @param idle milliseconds without a byte either way after which the connection counts as broken; for an upload ten times
 *   as many
 * @returns the answer; its body is not read yet
 * @throws Node's error with its code (ECONNRESET, ETIMEDOUT, …); SourceFailure; the signal's reason
 */
export async function exchange(request: Exchange, agent: Agent, idle: number): Promise<IncomingMessage> {
  const { method, url, headers, body, signal } = request
  signal?.throwIfAborted()
  const length = body === undefined ? undefined : String(body.length)
  const sent = (url.protocol === 'https:' ? https : http).request(url, {
    agent,
    method,
    headers: { ...headers, ...(length === undefined ? {} : { 'content-length': length }) },
    ...(signal ? { signal } : {}),
  })
  let sourceFailure: SourceFailure | undefined
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve)
    // Stays: an error that comes after the answer is told by the answer's body.
    sent.on('error', (error) => reject(sourceFailure ?? (signal?.aborted ? signal.reason : error)))
    const limit = body === undefined ? idle : idle * THINKING
    sent.setTimeout(limit, () => {
      sent.destroy(Object.assign(new Error(`nothing came for ${limit / 1000} s`), { code: 'ETIMEDOUT' }))
    })
  })
  if (body === undefined || body instanceof Uint8Array) sent.end(body)
  else {
    const content = Readable.from(
      marked(body.open(), (failure) => (sourceFailure = failure)),
      { objectMode: false },
    )
    // A failure of either side destroys the other; the promise above tells it.
    pipeline(content, sent).catch((error: unknown) => sent.destroy(error as Error))
  }
  return answer
}

/** The same chunks; a failure of their source is told apart from one of the connection. */
async function* marked(
  source: AsyncIterable<Uint8Array>,
  onFailure: (failure: SourceFailure) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* source
  } catch (cause) {
    const failure = new SourceFailure(cause)
    onFailure(failure)
    throw failure
  }
}
