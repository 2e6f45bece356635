import { type OptionKeys, refuseUnknownOptions } from '@rt/sys'
import { CompressedFile } from '../compression/compressed-file.js'
import { decompress } from '../compression/decompress.js'
import { detectCompression } from '../compression/magic.js'
import { checkLimit, type Limits, RATIO_FREE_BYTES, withDefaults } from '../extract/limits.js'
import { openRegular } from './archive.js'

export interface ReadArchiveOptions {
  /** Of them only how well it may be compressed counts here. */
  readonly limits?: Partial<Limits>
  readonly signal?: AbortSignal
}

const OPTIONS: OptionKeys<ReadArchiveOptions> = { limits: true, signal: true }

/**
 * The content of a tar file: plain, or compressed by gzip or zstd, told by its first bytes.
 *
 * @returns pieces that are only valid until the next is asked for
 * @throws RtError RT_NOT_FOUND, RT_WRONG_TYPE, RT_PERMISSION; RT_ARCHIVE for what is no tar, or damaged; RT_LIMIT; the signal's
 *   reason
 */
export async function* readArchive(path: string, options: ReadArchiveOptions = {}): AsyncGenerator<Uint8Array> {
  refuseUnknownOptions('readArchive', options, OPTIONS)
  const limits = withDefaults(options.limits)
  const { handle, size } = await openRegular(path)
  try {
    let taken = 0
    const file = new CompressedFile(handle, size, path, options.signal, (bytes) => {
      taken += bytes.length
    })
    const head = Buffer.alloc(512)
    const { bytesRead } = await handle.read(head, 0, head.length, 0)
    let unpacked = 0
    for await (const piece of decompress(file, detectCompression(head.subarray(0, bytesRead), path))) {
      unpacked += piece.length
      if (unpacked > RATIO_FREE_BYTES) {
        checkLimit(limits, 'ratio', unpacked / taken, `${JSON.stringify(path)} is compressed too well`)
      }
      yield piece
    }
  } finally {
    await handle.close()
  }
}
