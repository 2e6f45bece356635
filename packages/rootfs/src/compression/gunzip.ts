import { once } from 'node:events'
import type { TransformOptions } from 'node:stream'
import type { ZlibOptions } from 'node:zlib'
import { RtError } from '@rt/sys'
import { type CompressedFile, READ_SIZE } from './compressed-file.js'

/** Bytes per piece of output. */
const OUTPUT_SIZE = 256 * 1024

/**
 * Inflates a gzip file, all its members (RFC 1952, 2.2), by node:zlib: on a thread of Node's pool, beside the caller's.
 * Zeros behind the last member are padding, as gzip(1) has it; anything else is damage.
 *
 * @throws RtError RT_ARCHIVE
 */
export async function* gunzip(file: CompressedFile): AsyncGenerator<Buffer> {
  const options: ZlibOptions & TransformOptions = { chunkSize: OUTPUT_SIZE, highWaterMark: 4 * READ_SIZE }
  // Not imported: a bundle would load it at every start.
  const decoder = process.getBuiltinModule('node:zlib').createGunzip(options)
  const stop = new AbortController()
  const feed = async (): Promise<void> => {
    for await (const chunk of file.chunks()) {
      if (stop.signal.aborted) return
      if (!decoder.write(chunk)) await once(decoder, 'drain', { signal: stop.signal })
    }
    decoder.end()
  }
  const feeding = feed().catch((error: Error) => {
    // Reading failed: the decoder's reader learns it. After the end there is no reader, and nothing to learn.
    if (!stop.signal.aborted) decoder.destroy(error)
  })
  try {
    for await (const piece of decoder) yield piece as Buffer
  } catch (error) {
    throw RtError.isInstance(error) ? error : damaged(file, error as Error)
  } finally {
    stop.abort()
    decoder.destroy()
    await feeding
  }
  await file.skipZeros(decoder.bytesWritten)
}

const damaged = (file: CompressedFile, cause: Error): RtError =>
  new RtError('RT_ARCHIVE', `${JSON.stringify(file.path)} is damaged: its gzip stream: ${cause.message}`, { cause })
