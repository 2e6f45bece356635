import { O_NONBLOCK, O_RDONLY, RtError, syscall } from '@rt/sys'
import { type ByteString, quoteByteString } from '../tar/byte-string.js'
import type { TarEntry } from '../tar/entry.js'
import { copyUp, lowerEntry } from './copy-up.js'
import type { Creator } from './creator.js'
import { type EntryPath, splitPath } from './entry-path.js'
import type { MetadataWriter } from './metadata.js'

/** The mode of a copy while it is written. */
const FILLING = 0o600

/** Makes hard links: to what an earlier entry made, or to what a lower layer has. */
export class HardLinks {
  /** First names of what was copied from a lower layer, by the path it has there: its other names link to that. */
  readonly #copied = new Map<ByteString, EntryPath>()

  /** @param make makes an entry that is no file */
  constructor(
    readonly creator: Creator,
    readonly writer: MetadataWriter,
    readonly make: (entry: TarEntry, path: EntryPath) => void,
  ) {}

  /**
   * Makes one.
   *
   * @throws RtError RT_ARCHIVE if there is no such target, RT_WRONG_TYPE if it is a directory, RT_UNSAFE for `..`
   */
  add(entry: TarEntry, path: EntryPath): void {
    const { tree } = this.creator
    const { linkPath } = entry
    const target = splitPath(linkPath)
    if (target.depth === 0) throw new RtError('RT_WRONG_TYPE', 'the hard link’s target is the root directory')
    if (this.creator.link(path, this.#copied.get(linkPath) ?? target)) return
    const lower = tree.stacked ? lowerEntry(tree.view, entry) : undefined
    if (!lower) {
      throw new RtError('RT_ARCHIVE', `the hard link’s target ${quoteByteString(linkPath)} does not exist`, {
        hint: 'a hard link must name an earlier entry, or a file of a lower layer',
      })
    }
    if (lower.type === 'file') this.#copy(path, linkPath)
    else this.make(lower, path)
    this.#copied.set(linkPath, path)
  }

  /** A hard link can't reach across layers: overlay copies, too, when a container makes one. */
  #copy(path: EntryPath, linkPath: ByteString): void {
    const source = this.creator.tree.view.open(linkPath, O_RDONLY | O_NONBLOCK, false)
    if (source === undefined) throw new RtError('RT_UNSAFE', 'a lower layer changed while it was read')
    try {
      const fd = this.creator.file(path, FILLING)
      try {
        copyUp(source, fd, FILLING, linkPath, this.writer)
      } finally {
        syscall('close', fd)
      }
    } finally {
      syscall('close', source)
    }
  }
}
