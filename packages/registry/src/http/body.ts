import type { IncomingMessage } from 'node:http'
import { RtError } from '@rt/sys'
import { abandon, isSent } from './discard.js'

/**
 * Reads a body of limited size into memory.
 *
 * @param limit bytes
 * @param what it is, for the error: `manifest localhost:5000/app:v1`
 * @throws RtError RT_LIMIT as soon as it is too large; RT_UNSUPPORTED for one that is compressed in transit, although
 *   nobody asked for that: digests are of what was stored; Node's error when the connection breaks
 */
export async function readBody(body: IncomingMessage, limit: number, what: string): Promise<Buffer> {
  try {
    refuseEncoding(body, what)
    if (Number(body.headers['content-length']) > limit) throw tooLarge(what, limit)
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > limit) throw tooLarge(what, limit)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } finally {
    // Also ends a request that was answered before all of it was sent.
    if (isSent(body)) body.destroy()
    else abandon(body)
  }
}

/** @throws RtError RT_UNSUPPORTED */
export function refuseEncoding(body: IncomingMessage, what: string): void {
  const encoding = body.headers['content-encoding']
  if (encoding === undefined || encoding === 'identity') return
  throw new RtError(
    'RT_UNSUPPORTED',
    `${what}: the server compresses it (${encoding}) although "identity" was asked for`,
  )
}

const tooLarge = (what: string, limit: number): RtError =>
  new RtError('RT_LIMIT', `${what} is larger than ${limit} bytes`, {
    hint: 'no image needs that: it is broken, or made to use up memory',
  })
