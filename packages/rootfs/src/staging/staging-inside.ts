import { basename, join } from 'node:path'
import { AT_REMOVEDIR, ERRNO, O_DIRECTORY, O_RDONLY, RENAME_NOREPLACE, S_IFDIR, S_IFMT, syscall } from '@rt/sys'
import { attempt, callError, namesIn, nul, open, requireStatus, statusOf } from '../extract/calls.js'
import { metadataOf } from '../extract/copy-up.js'
import { MetadataWriter } from '../extract/metadata.js'
import type { ExtractThread } from '../extract/thread.js'
import { Warnings } from '../extract/warnings.js'
import { type ByteString, encodeByteString } from '../tar/byte-string.js'
import { existsError, isPartial, Staging } from './staging.js'
import { isLostAndFound, occupants } from './target.js'

/**
 * A tree that is filled inside the directory it is for, because nothing can take that one's place: a mount point, or a
 * directory of the caller's in one that isn't. When it is complete, its entries are moved up, one after the other, by
 * renames on one file system. A crash among them leaves the rest under the name of a partial tree, so that it doesn't look
 * complete; and as long as that is there, the directory keeps its mode and times of before.
 */
export class StagingInside {
  private constructor(
    readonly path: string,
    readonly staging: Staging,
  ) {}

  /** @param path of the directory, which must be there @throws SyscallError EACCES, EROFS, ENOSPC, … */
  static create(path: string): StagingInside {
    return new StagingInside(path, Staging.create(join(path, basename(path))))
  }

  get root(): number {
    return this.staging.root
  }

  /**
   * Moves the entries up, and gives the directory what the tree's root has.
   *
   * @throws RtError RT_EXISTS if there is something by now; SyscallError. What was moved is moved back then
   */
  commit(): void {
    const { parent, root, name } = this.staging
    if (occupants(this.path).some((each) => !isLostAndFound(this.path, each))) throw existsError(this.path)
    const metadata = metadataOf(root)
    syscall('fchmod', root, 0o700) // a plain user may not take anything out of a directory without w
    const moved: ByteString[] = []
    try {
      for (const each of namesIn(root)) {
        if (isPartial(each)) throw existsError(this.path)
        move(root, parent, each, this.path)
        moved.push(each)
      }
    } catch (error) {
      for (const each of moved) move(parent, root, each, this.path)
      throw error
    }
    const writer = new MetadataWriter(process.geteuid?.() === 0, new Warnings())
    writer.applyToDirectory(parent, { ...metadata, mode: 0o700 }, -1, '')
    syscall('unlinkat', parent, nul(name), AT_REMOVEDIR)
    // Only now does it look complete; the last removal changed its time.
    writer.apply(parent, { ...metadata, xattrs: undefined }, 0o700, '')
  }

  remove(thread: ExtractThread): Promise<void> {
    return this.staging.remove(thread)
  }

  close(): void {
    this.staging.close()
  }
}

/** Renames an entry from one directory to another of the same file system; nothing but lost+found is replaced. */
function move(from: number, to: number, name: ByteString, path: string): void {
  const bytes = nul(name)
  const flags = name === encodeByteString('lost+found') ? 0 : RENAME_NOREPLACE
  const rename = () => attempt('renameat2', from, bytes, to, bytes, flags)
  let result = rename()
  // The filesystem hasn't got the flag: then there is nothing that it would have replaced.
  if (result === -ERRNO.EINVAL && typeof statusOf(to, bytes) === 'number') {
    result = attempt('renameat2', from, bytes, to, bytes, 0)
  }
  if (result === -ERRNO.EACCES && (requireStatus(from, bytes).mode & S_IFMT) === S_IFDIR) {
    result = withWritePermission(from, bytes, rename)
  }
  if (result === -ERRNO.EEXIST || result === -ERRNO.ENOTEMPTY) throw existsError(path)
  if (result < 0) throw callError(result, 'renameat2', from, bytes, to, bytes, flags)
}

/** To move a directory a plain user must be allowed to write it: its `..` changes. */
function withWritePermission(parent: number, name: Uint8Array, rename: () => number): number {
  const { mode } = requireStatus(parent, name)
  syscall('fchmodat', parent, name, 0o700)
  const fd = open(parent, name, O_RDONLY | O_DIRECTORY)
  try {
    return rename()
  } finally {
    syscall('fchmod', fd, mode & 0o7777)
    syscall('close', fd)
  }
}
