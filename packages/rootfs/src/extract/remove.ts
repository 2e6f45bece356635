import { AT_REMOVEDIR, ERRNO, O_DIRECTORY, O_RDONLY, S_IFDIR, S_IFMT, syscall } from '@rt/sys'
import type { ByteString } from '../tar/byte-string.js'
import { attempt, namesIn, nul, open, statusOf, tryOpen } from './calls.js'

/** Opens a directory for reading; one that its owner may not read (a plain user's, unpacked as it was) is changed first. */
function openToEmpty(parent: number, name: Uint8Array): number {
  const fd = tryOpen(parent, name, O_RDONLY | O_DIRECTORY)
  if (fd !== -ERRNO.EACCES) return fd < 0 ? open(parent, name, O_RDONLY | O_DIRECTORY) : fd
  // fchmodat follows a symlink put there meanwhile; it could only be one of the same user's, whom it gives nothing.
  syscall('fchmodat', parent, name, 0o700)
  return open(parent, name, O_RDONLY | O_DIRECTORY)
}

/**
 * Removes what has this name, with all that is in it; each name is looked up in the directory that holds it, and no
 * symlink is followed.
 *
 * @param parent directory fd
 * @returns false if there was nothing
 * @throws SyscallError
 */
export function removeTree(parent: number, name: ByteString): boolean {
  const bytes = nul(name)
  const unlinked = attempt('unlinkat', parent, bytes, 0)
  if (unlinked === 0) return true
  if (unlinked === -ERRNO.ENOENT) return false
  // A directory: EISDIR, or EPERM as POSIX has it.
  if (unlinked !== -ERRNO.EISDIR && unlinked !== -ERRNO.EPERM) syscall('unlinkat', parent, bytes, 0)
  const fd = openToEmpty(parent, bytes)
  try {
    const removed = attempt('unlinkat', parent, bytes, AT_REMOVEDIR)
    if (removed === -ERRNO.ENOTEMPTY || removed === -ERRNO.EEXIST) {
      // Root is not stopped by modes; a plain user is, by those of the archive that was unpacked.
      if (process.geteuid?.() !== 0) syscall('fchmod', fd, 0o700)
      for (const child of namesIn(fd)) removeTree(fd, child)
      syscall('unlinkat', parent, bytes, AT_REMOVEDIR)
    } else if (removed < 0) syscall('unlinkat', parent, bytes, AT_REMOVEDIR)
  } finally {
    syscall('close', fd)
  }
  return true
}

/**
 * Removes what a directory holds but for what `keeps` says stays, and the directories that hold such things.
 *
 * @param fd of the directory, open for reading
 * @param keeps gets the inode number of a directory and a name in it
 * @returns whether anything stayed
 * @throws SyscallError
 */
export function emptyDirectory(
  fd: number,
  inode: number,
  keeps: (directory: number, name: ByteString) => boolean,
): boolean {
  let stayed = false
  for (const name of namesIn(fd)) {
    const bytes = nul(name)
    const status = statusOf(fd, bytes)
    if (typeof status === 'number') continue // gone already
    let kept = keeps(inode, name)
    if ((status.mode & S_IFMT) === S_IFDIR) {
      const child = openToEmpty(fd, bytes)
      kept = emptyDirectory(child, status.inode, keeps) || kept
      syscall('close', child)
      if (!kept) syscall('unlinkat', fd, bytes, AT_REMOVEDIR)
    } else if (!kept) syscall('unlinkat', fd, bytes, 0)
    stayed ||= kept
  }
  return stayed
}
