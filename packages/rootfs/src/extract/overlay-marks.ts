import { ERRNO, O_DIRECTORY, O_RDONLY, S_IFCHR, S_IFDIR, S_IFMT, syscall } from '@rt/sys'
import { attempt, namesIn, nul, open, requireStatus, type Status } from './calls.js'

/**
 * How overlay marks what a layer hides (Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories").
 * `user.overlay.` is what a mount with `userxattr` reads (Linux 5.11): a plain user can't write `trusted.`.
 */
export type OverlayNamespace = 'trusted.overlay.' | 'user.overlay.'

/** The character device 0:0. Making it needs no privilege (Linux 5.8). */
export const isWhiteout = (status: Status): boolean =>
  (status.mode & S_IFMT) === S_IFCHR && status.rdevMajor === 0 && status.rdevMinor === 0

/** @throws SyscallError EPERM on a filesystem that has no device nodes */
export function makeWhiteout(directory: number, name: Uint8Array): void {
  syscall('mknodat', directory, name, S_IFCHR, 0)
}

const YES = Buffer.from('y')

/**
 * Hides what lower layers have in a directory. Whiteouts in it are removed: in a directory that is not merged, overlay
 * shows them.
 *
 * @param fd of the directory, open for reading
 * @throws SyscallError EOPNOTSUPP where the filesystem has no such attributes
 */
export function markOpaque(fd: number, namespace: OverlayNamespace): void {
  syscall('fsetxattr', fd, nul(`${namespace}opaque`), YES, YES.length, 0)
  removeWhiteouts(fd)
}

/** @throws SyscallError */
function removeWhiteouts(fd: number): void {
  for (const child of namesIn(fd)) {
    const name = nul(child)
    const status = requireStatus(fd, name)
    if (isWhiteout(status)) syscall('unlinkat', fd, name, 0)
    else if ((status.mode & S_IFMT) === S_IFDIR) {
      const below = open(fd, name, O_RDONLY | O_DIRECTORY)
      try {
        removeWhiteouts(below)
      } finally {
        syscall('close', below)
      }
    }
  }
}

const value = Buffer.alloc(1)

/** Whether a directory hides what lower layers have in it. */
export function isOpaque(fd: number, namespace: OverlayNamespace): boolean {
  const length = attempt('fgetxattr', fd, nul(`${namespace}opaque`), value, 1)
  if (length === 1) return value[0] === YES[0]
  // None, or (ERANGE) another value than we write: overlay knows 'x' too, for directories with xattr whiteouts.
  if (length === 0 || [ERRNO.ENODATA, ERRNO.EOPNOTSUPP, ERRNO.ERANGE].includes(-length as never)) return false
  syscall('fgetxattr', fd, nul(`${namespace}opaque`), value, 1)
  return false
}
