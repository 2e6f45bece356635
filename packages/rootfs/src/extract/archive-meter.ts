import type { TarEntry } from '../tar/entry.js'
import { checkLimit, type Limits } from './limits.js'

/** Counts what archives hold, against the limits. */
export class ArchiveMeter {
  /** Members, and bytes of content, of all archives. */
  entries = 0
  bytes = 0
  /** Of the archive under way. */
  #own = { entries: 0, bytes: 0 }

  constructor(readonly limits: Limits) {}

  /** To be called before each archive's first entry. */
  beginArchive(): void {
    this.#own = { entries: 0, bytes: 0 }
  }

  /** @throws RtError RT_LIMIT */
  count(entry: TarEntry): void {
    const { limits } = this
    this.entries++
    this.bytes += entry.size
    checkLimit(limits, 'entries', ++this.#own.entries, 'the archive is too large')
    this.#own.bytes += entry.size
    checkLimit(limits, 'bytes', this.#own.bytes, 'the archive is too large')
    checkLimit(limits, 'pathLength', Math.max(entry.path.length, entry.linkPath.length), 'the path is too long')
  }
}
