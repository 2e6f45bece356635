import { Readable } from 'node:stream'
import { RtError } from '@rt/sys'
import { pullScope } from '../auth/scope.js'
import type { Descriptor } from '../documents/descriptor.js'
import { refuseEncoding } from '../http/body.js'
import type { Patience } from '../http/patience.js'
import { type Answer, header } from '../http/redirects.js'
import { hashOf } from '../reference/digest.js'
import { afterBreak, type Repository } from '../repository/repository.js'

/** A blob's digest and size; the rest of a descriptor doesn't matter for its bytes. */
export type BlobDescriptor = Pick<Descriptor, 'digest' | 'size'>

/**
 * Streams a blob (distribution-spec, "Pulling blobs"), verified: the last bytes are handed over only when all of them had
 * the digest and the size. A connection that breaks is made again, and the blob goes on by Range from where it stopped.
 *
 * @param have the beginning of the blob, from a file that an earlier attempt wrote: it is read, hashed, and not handed
 *   over again
 * @returns a stream of what `have` lacks; breaking it off ends the download
 * @throws (the stream) RtError RT_ARCHIVE for a wrong digest or size; RegistryError; the signal's reason
 */
export function blobStream(
  repository: Repository,
  blob: BlobDescriptor,
  patience: Patience,
  have?: AsyncIterable<Uint8Array>,
): Readable {
  return Readable.from(verified(repository, blob, patience, have), { objectMode: false })
}

async function* verified(
  repository: Repository,
  { digest, size }: BlobDescriptor,
  patience: Patience,
  have: AsyncIterable<Uint8Array> | undefined,
): AsyncGenerator<Buffer> {
  const what = `blob ${repository.place}@${digest}`
  const hash = hashOf(digest)
  let at = 0
  if (have) {
    for await (const chunk of have) {
      hash.update(chunk)
      at += chunk.length
    }
    if (at > size) throw new RtError('RT_INVALID_OPTION', `${what} has ${size} bytes, and ${at} are there already`)
  }
  // The end is held back until the digest is known to be right.
  let last: Buffer | undefined
  while (at < size) {
    const answer = await open(repository, digest, at, size, patience, what)
    try {
      for await (const chunk of contentFrom(answer, at, size, what)) {
        hash.update(chunk)
        at += chunk.length
        // A consumer may take its time (a layer is unpacked): then it isn't the server that is silent.
        answer.body.socket?.setTimeout(0)
        if (last) yield last
        last = chunk
        answer.body.socket?.setTimeout(repository.connections.options.idle)
        patience.progress()
      }
    } catch (error) {
      await afterBreak(error, { method: 'GET', patience }, answer.url)
      continue
    } finally {
      answer.body.destroy()
    }
    // An end without an error and before its time: HTTP/1.0, where the end of the connection is the end of the body.
    if (at < size) await afterBreak(endedEarly(at, size), { method: 'GET', patience }, answer.url)
  }
  const found = `${digest.slice(0, digest.indexOf(':'))}:${hash.digest('hex')}`
  if (found !== digest) {
    throw new RtError('RT_ARCHIVE', `${what} is damaged: found ${found}`, {
      hint: have
        ? 'begin again without the part that was there, which may be to blame'
        : 'what serves it, or something between, changes it',
    })
  }
  if (last) yield last
}

async function open(
  repository: Repository,
  digest: string,
  at: number,
  size: number,
  patience: Patience,
  what: string,
): Promise<Answer> {
  const answer = await repository.request({
    method: 'GET',
    target: `blobs/${digest}`,
    headers: { accept: '*/*', ...(at > 0 ? { range: `bytes=${at}-${size - 1}` } : {}) },
    expect: at > 0 ? [200, 206] : [200],
    scopes: [pullScope(repository.name)],
    patience,
    what,
  })
  try {
    refuseEncoding(answer.body, what)
    refuseLength(answer, at, size, what)
  } catch (error) {
    answer.body.destroy()
    throw error
  }
  return answer
}

/** What is known to be wrong before a byte was read need not be downloaded. */
function refuseLength(answer: Answer, at: number, size: number, what: string): void {
  const length = header(answer, 'content-length')
  const expected = answer.status === 206 ? size - at : size
  if (length !== undefined && Number(length) !== expected) {
    throw new RtError('RT_ARCHIVE', `${what}: the server sends ${length} bytes where ${expected} are to come`)
  }
  if (answer.status !== 206) return
  const range = header(answer, 'content-range') ?? ''
  const [, first, , total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range) ?? []
  if (Number(first) !== at || (total !== '*' && Number(total) !== size)) {
    throw new RtError(
      'RT_ARCHIVE',
      `${what}: the server sends ${JSON.stringify(range)}, asked for bytes ${at} to ${size - 1}`,
    )
  }
}

/** The bytes from `at` on. A server that knows no ranges (200) sends those before it once more: they are skipped. */
async function* contentFrom({ status, body }: Answer, at: number, size: number, what: string): AsyncGenerator<Buffer> {
  let skip = status === 206 ? 0 : at
  let left = size - at
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const fresh = chunk.subarray(Math.min(skip, chunk.length))
    skip -= chunk.length - fresh.length
    left -= fresh.length
    if (left < 0) throw new RtError('RT_ARCHIVE', `${what} is larger than the ${size} bytes that its descriptor says`)
    if (fresh.length > 0) yield fresh
  }
}

const endedEarly = (at: number, size: number): Error =>
  Object.assign(new Error(`it ended after ${at} of ${size} bytes`), { code: 'ECONNRESET' })

/**
 * Reads a small blob whole, a configuration say.
 *
 * @param limit bytes
 * @throws RtError RT_LIMIT; what the stream throws
 */
export async function readBlob(
  repository: Repository,
  blob: BlobDescriptor,
  limit: number,
  patience: Patience,
): Promise<Buffer> {
  if (blob.size > limit) {
    throw new RtError('RT_LIMIT', `blob ${blob.digest} is ${blob.size} bytes large, and ${limit} are the most here`)
  }
  const chunks: Buffer[] = []
  for await (const chunk of verified(repository, blob, patience, undefined)) chunks.push(chunk)
  return Buffer.concat(chunks)
}
