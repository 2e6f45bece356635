import { RegistryError } from '../errors/registry-error.js'
import { header } from '../http/redirects.js'
import { type BlobContent, checkedContent, inPieces } from './content.js'
import { closeSession, sendPart, type UploadSession, whatOf } from './upload-session.js'

/** How often one chunk is begun again in the middle before the upload counts as failed. */
const MAX_REPAIRS = 10

/**
 * Sends a blob in chunks, each of which can be repeated without the others (distribution-spec, "Pushing a blob in
 * chunks"). A chunk is held in memory.
 *
 * @param chunkSize bytes; more if the registry's minimum is larger
 * @throws RegistryError
 */
export async function uploadChunked(session: UploadSession, content: BlobContent, chunkSize: number): Promise<void> {
  const size = Math.max(chunkSize, session.chunkMinimum)
  let at = 0
  for await (const piece of inPieces(checkedContent(content), size)) {
    await sendChunk(session, piece, at)
    at += piece.length
  }
  if ((await closeSession(session, new Uint8Array(0))) === 'lost') throw lost(session, 'the registry has forgotten it')
}

/** One chunk, from where the registry has it: after a broken connection it may have a part, or all, of it. */
async function sendChunk(session: UploadSession, piece: Buffer, start: number): Promise<void> {
  let at = start
  const end = start + piece.length
  for (let repairs = 0; at < end; repairs++) {
    const answer = await sendPart(session, {
      method: 'PATCH',
      headers: { 'content-type': 'application/octet-stream', 'content-range': `${at}-${end - 1}` },
      body: piece.subarray(at - start),
      // 416: out of order. So a chunk that was sent twice, because the answer to the first got lost, is found out.
      expect: [202, 201, 204, 416],
    })
    if (answer.status === 416) {
      if (repairs === MAX_REPAIRS) throw lost(session, `chunk ${start}-${end - 1} is refused again and again`)
      at = await offsetAt(session, at === 0 ? 1 : 0)
    } else {
      session.location = session.repository.location(answer, whatOf(session))
      const taken = offsetOf(header(answer, 'range'), end === 1 ? 1 : 0)
      // Without a Range the status means all of it.
      if (taken !== undefined && taken !== end && repairs === MAX_REPAIRS) throw lost(session, 'chunks get lost')
      at = taken ?? end
    }
    if (at < start || at > end) throw lost(session, `the registry has ${at} bytes, and ${start} to ${end} were to be`)
    if (at < end) session.patience.progress()
  }
}

/**
 * How many bytes the registry has (distribution-spec, "Pushing a blob in chunks": GET of the location).
 *
 * @param ofZero after a chunk from 0 on was refused it can't be none
 */
async function offsetAt(session: UploadSession, ofZero: number): Promise<number> {
  const answer = await sendPart(session, { method: 'GET', expect: [204, 200, 202] })
  if (header(answer, 'location') !== undefined) {
    session.location = session.repository.location(answer, whatOf(session))
  }
  const offset = offsetOf(header(answer, 'range'), ofZero)
  if (offset === undefined) throw lost(session, 'the registry does not say how much of it it has')
  return offset
}

/**
 * `0-99` is a hundred bytes. `0-0` should be one, and distribution writes it for none as well.
 *
 * @param ofZero which of the two it must be here
 */
function offsetOf(range: string | undefined, ofZero: number): number | undefined {
  const end = /^(?:bytes=)?0-(\d+)$/.exec(range ?? '')?.[1]
  return end === undefined ? undefined : end === '0' ? ofZero : Number(end) + 1
}

const lost = (session: UploadSession, why: string): RegistryError =>
  new RegistryError({
    code: 'RT_REGISTRY',
    message: `${whatOf(session)}: ${why}`,
    url: session.location,
    hint: 'push again: it begins anew',
  })
