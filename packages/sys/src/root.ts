import { cString, type Path } from './native/path.js'
import { syscall } from './native/syscall.js'

/**
 * `pivot_root(newRoot, putOld)`: make a mount the root of this mount namespace, and mount the old root at putOld. With
 * both `.` the old root lies on the new one and `umount2(".", MNT_DETACH)` takes it away. pivot_root(2).
 *
 * @throws SyscallError EINVAL if newRoot is no mount point, if it or the current root is shared, or if the current root
 *   is the initramfs; EBUSY if newRoot is on the current root mount; EPERM without CAP_SYS_ADMIN
 */
export function pivotRoot(newRoot: Path, putOld: Path): void {
  syscall('pivot_root', cString(newRoot), cString(putOld))
}

/**
 * `chroot(path)`: change what `/` means, for the calling thread and those that share its CLONE_FS: in Node all threads,
 * unless one called `unshare(CLONE_FS)`. It confines no process that is root: see pivot_root. chroot(2).
 *
 * @throws SyscallError EPERM without CAP_SYS_CHROOT, ENOENT, ENOTDIR
 */
export function chroot(path: Path): void {
  syscall('chroot', cString(path))
}

/**
 * `chdir(path)`: the working directory of the calling thread and those that share its CLONE_FS. Unlike process.chdir()
 * it works in a worker thread. chdir(2).
 *
 * @throws SyscallError ENOENT, ENOTDIR, EACCES
 */
export function chdir(path: Path): void {
  syscall('chdir', cString(path))
}

/** `fchdir(fd)`: {@link chdir} to an open directory. @throws SyscallError ENOTDIR, EACCES, EBADF */
export function fchdir(fd: number): void {
  syscall('fchdir', fd)
}
