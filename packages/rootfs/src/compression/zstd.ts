import { RtError } from '@rt/sys'
import type { CompressedFile } from './compressed-file.js'
import { release } from './release.js'
import { ZstdFrameError, ZstdFrames } from './zstd-frames.js'

/** A frame that yields nothing (a skippable one, say) has at least this many bytes (RFC 8878, 3.1.2). */
const SMALLEST_FRAME = 8
/** How many pieces are decoded only to reach the end of the input, where the decoder frees its memory. */
const MOST_PIECES_TO_FREE = 64

/**
 * Decompresses a zstd file, all its frames (pzstd and zstd:chunked write many), by the reference decoder as WebAssembly.
 * It works on the caller's thread, 128 KiB of output at a time.
 *
 * node:zlib has zstd since 22.15, but before Node 26 its stream ends with the first frame: the rest of a layer would be
 * missing without an error. The decoder is loaded at the first use only.
 *
 * @returns pieces that are only valid until the next is asked for
 * @throws RtError RT_ARCHIVE
 */
export async function* unzstd(file: CompressedFile): AsyncGenerator<Uint8Array> {
  const { ZSTDDecoder } = await import('zstddec/stream')
  const decoder = new ZSTDDecoder()
  await decoder.init()

  // The decoder pulls its input without waiting, at most one chunk a step: so one is always read ahead.
  const chunks = file.chunks()
  const frames = new ZstdFrames()
  // Of reading, and of the caller's own (an AbortSignal's reason, an exception of onProgress): not the archive's fault.
  let failure: { readonly error: unknown } | undefined
  const next = async () => {
    const result = await chunks.next().catch((error: unknown) => {
      failure = { error }
      throw error
    })
    if (!result.done) frames.take(result.value)
    return result
  }
  let ahead: IteratorResult<Uint8Array> = { done: true, value: undefined }
  let current = 0
  let pulled = false
  const input: IterableIterator<Uint8Array> = {
    next() {
      const result = ahead
      pulled = true
      ahead = { done: true, value: undefined }
      current = result.done ? 0 : result.value.length
      return result
    },
    [Symbol.iterator]: () => input,
  }
  const output = decoder.decodeStreaming(input)
  let idle = 0
  try {
    ahead = await next()
    for (;;) {
      const { done, value } = output.next()
      if (done) return
      const { length } = value
      if (length > 0) {
        yield value
        release(value)
      }
      if (pulled) {
        pulled = false
        idle = 0
        ahead = await next()
      } else if (length > 0) idle = 0
      // The decoder doesn't look at the reference decoder's error codes: it would turn for ever.
      else if (++idle > current / SMALLEST_FRAME + 16) throw new Error('it is corrupt')
    }
  } catch (error) {
    if (failure) throw failure.error
    throw RtError.isInstance(error) ? error : explain(file, error as Error)
  } finally {
    await chunks.return(undefined)
    ahead = { done: true, value: undefined }
    finish(output)
  }
}

/** When reading stops early: the decoder's window (up to 128 MiB) is freed where its generator ends. */
function finish(output: Generator<Uint8Array>): void {
  for (let piece = 0; piece < MOST_PIECES_TO_FREE; piece++) {
    try {
      if (output.next().done) return
    } catch {
      return // "Incomplete stream": of course, and it is freed
    }
  }
}

function explain({ path }: CompressedFile, cause: Error): RtError {
  const quoted = JSON.stringify(path)
  if (cause instanceof ZstdFrameError) {
    const { message, hint } = cause
    return new RtError('RT_ARCHIVE', `cannot read archive ${quoted}: its zstd stream: ${message}`, { hint, cause })
  }
  return new RtError('RT_ARCHIVE', `${quoted} is damaged: its zstd stream: ${cause.message}`, { cause })
}
