import { ERRNO, O_DIRECTORY, O_NOFOLLOW, O_RDONLY, syscall } from '@rt/sys'
import type { ByteString } from '../tar/byte-string.js'
import { nul, openInRoot, openInRootError, requireStatus } from './calls.js'
import type { Metadata, MetadataWriter } from './metadata.js'

interface Pending {
  /** Inode number: by the end, the path may lead to another directory. */
  readonly inode: number
  readonly metadata: Metadata
}

const depth = (path: ByteString): number => (path === '' ? 0 : path.split('/').length)

/**
 * What directories will have once everything is in them: files made in one change its times, a mode may forbid the owner
 * to make any, and set-group-id would give new files the directory's group. Until then all are 0700 and the unpacker's
 * own, which also keeps others out.
 */
export class PendingDirectories {
  readonly #byPath = new Map<ByteString, Pending>()

  /** @param path '' for the root */
  add(path: ByteString, inode: number, metadata: Metadata): void {
    this.#byPath.set(path, { inode, metadata })
  }

  /**
   * Restores all, the deepest first.
   *
   * @param made the mode they were made with
   * @throws SyscallError
   */
  apply(root: number, writer: MetadataWriter, made: number): void {
    const byDepth: ByteString[][] = []
    for (const path of this.#byPath.keys()) {
      byDepth[depth(path)] ??= []
      byDepth[depth(path)]!.push(path)
    }
    for (const path of byDepth.reverse().flat()) {
      const name = nul(path === '' ? '.' : path)
      const fd = openInRoot(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
      // A later entry replaced it, or a whiteout took it away.
      if (fd === -ERRNO.ENOENT || fd === -ERRNO.ENOTDIR || fd === -ERRNO.ELOOP) continue
      if (fd < 0) throw openInRootError(fd, root, name)
      try {
        const { inode, metadata } = this.#byPath.get(path)!
        if (requireStatus(fd).inode === inode) writer.applyToDirectory(fd, metadata, made, path)
      } finally {
        syscall('close', fd)
      }
    }
    this.#byPath.clear()
  }
}
