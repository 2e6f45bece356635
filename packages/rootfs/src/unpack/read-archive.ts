import { type OptionKeys, refuseUnknownOptions } from '@rt/sys'
import { type Limits, withDefaults } from '../extract/limits.js'
import { contentOf } from './archive.js'

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
  yield* contentOf({ path }, { limits: withDefaults(options.limits), signal: options.signal })
}
