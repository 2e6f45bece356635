import type { TransformOptions } from 'node:stream'
import type { ZlibOptions } from 'node:zlib'
import { RtError } from '@rt/sys'
import type { CompressedFile } from './compressed-file.js'
import { release } from './release.js'

/** Bytes per piece of output. */
const OUTPUT_SIZE = 256 * 1024
/** Bytes of output that may wait: with less than two pieces the pool's thread would stop while one is used. */
const AHEAD = 8 * OUTPUT_SIZE

/**
 * Inflates a gzip file, all its members (RFC 1952, 2.2), by node:zlib: on a thread of Node's pool, beside the caller's.
 * Zeros behind the last member are padding, as gzip(1) has it; anything else is damage.
 *
 * @returns pieces that are only valid until the next is asked for
 * @throws RtError RT_ARCHIVE
 */
export async function* gunzip(file: CompressedFile): AsyncGenerator<Uint8Array> {
  // Not imported: a bundle would load it at every start.
  const options: ZlibOptions & TransformOptions = { chunkSize: OUTPUT_SIZE, readableHighWaterMark: AHEAD }
  const decoder = process.getBuiltinModule('node:zlib').createGunzip(options)
  const closed = new Promise<void>((resolve) => decoder.once('close', resolve))
  let done = false
  const feed = async (): Promise<void> => {
    for await (const chunk of file.chunks()) {
      // A decoder that fails forgets its callbacks.
      await Promise.race([new Promise<void>((taken) => decoder.write(chunk, () => taken())), closed])
      if (done) return
    }
    decoder.end()
  }
  // Of reading, and of the caller's own (an AbortSignal's reason, an exception of onProgress): not the archive's fault.
  let failure: { readonly error: unknown } | undefined
  const feeding = feed().catch((error: unknown) => {
    // The decoder's reader learns it. After the end there is no reader, and nothing to learn.
    if (done) return
    failure = { error }
    decoder.destroy(new Error('reading failed', { cause: error }))
  })
  try {
    for await (const piece of decoder) {
      yield piece as Buffer
      release(piece as Buffer)
    }
  } catch (error) {
    throw failure ? failure.error : damaged(file, error as Error)
  } finally {
    done = true
    decoder.destroy()
    await feeding
  }
  await file.skipZeros(decoder.bytesWritten)
}

const damaged = (file: CompressedFile, cause: Error): RtError =>
  new RtError('RT_ARCHIVE', `${JSON.stringify(file.path)} is damaged: its gzip stream: ${cause.message}`, { cause })
