import type { CompressedFile } from './compressed-file.js'
import type { Compression } from './magic.js'

/**
 * The content of a file, in pieces of up to 256 KiB. No other program is ever asked: one found by name could be the
 * image's own (CVE-2026-41567).
 *
 * @returns pieces that are only valid until the next is asked for
 * @throws RtError RT_ARCHIVE if the stream is damaged or ends early; the signal's reason, and what `onBytes` throws
 */
export async function* decompress(file: CompressedFile, compression: Compression): AsyncGenerator<Uint8Array> {
  if (compression === 'gzip') {
    const { gunzip } = await import('./gunzip.js')
    yield* gunzip(file)
  } else if (compression === 'zstd') {
    const { unzstd } = await import('./zstd.js')
    yield* unzstd(file)
  } else yield* file.chunks()
}
