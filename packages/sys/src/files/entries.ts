import { integer } from '../native/arguments.js'
import { cString, type Path } from '../native/path.js'
import { syscall } from '../native/syscall.js'
import { AT_REMOVEDIR } from '../uapi/fcntl.js'
import { PATH_MAX } from '../uapi/limits.js'

// Names in directories: made, linked, renamed, removed. `directory` is an fd where a relative path starts, or AT_FDCWD;
// a path of one component beneath an fd that openat2 resolved can't be led elsewhere.

/**
 * `mkdirat(directory, path, mode)`. mkdir(2).
 *
 * @param mode under the umask; S_ISVTX is taken, setgid is inherited
 * @throws SyscallError EEXIST, ENOENT, ENOTDIR, EROFS, …
 */
export function mkdirat(directory: number, path: Path, mode: number): void {
  syscall('mkdirat', directory, cString(path), mode)
}

/**
 * `mknodat(directory, path, mode, device)`: a device node, fifo, socket or empty file. mknod(2).
 *
 * @param mode S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK or S_IFREG, and permissions, under the umask
 * @param device {@link makedev} for S_IFCHR and S_IFBLK; a character device 0:0 is overlay's whiteout, which needs no
 *   privilege (Linux 5.8)
 * @throws SyscallError EPERM for a device without CAP_MKNOD in the initial user namespace, EEXIST, …
 */
export function mknodat(directory: number, path: Path, mode: number, device = 0): void {
  syscall('mknodat', directory, cString(path), mode, integer(device, 'device'))
}

/** The kernel's 32-bit device number (new_encode_dev): major up to 4095, minor up to 1048575. */
export const makedev = (major: number, minor: number): number =>
  ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)) >>> 0

/** `symlinkat(target, directory, path)`: a symbolic link; its target may be anything. symlink(2). @throws SyscallError */
export function symlinkat(target: Path, directory: number, path: Path): void {
  syscall('symlinkat', cString(target), directory, cString(path))
}

/**
 * `linkat(fromDirectory, fromPath, toDirectory, toPath, flags)`: a hard link. link(2).
 *
 * @param flags AT_SYMLINK_FOLLOW; AT_EMPTY_PATH (fromPath `''`) links an fd itself and needs CAP_DAC_READ_SEARCH
 * @throws SyscallError EXDEV across mounts, EPERM for a directory or what fs.protected_hardlinks forbids, EEXIST,
 *   EMLINK, …
 */
export function linkat(fromDirectory: number, fromPath: Path, toDirectory: number, toPath: Path, flags = 0): void {
  syscall('linkat', fromDirectory, cString(fromPath), toDirectory, cString(toPath), flags)
}

/** `unlinkat(directory, path, 0)`: remove a name that is no directory. unlink(2). @throws SyscallError EISDIR, ENOENT, … */
export function unlinkat(directory: number, path: Path): void {
  syscall('unlinkat', directory, cString(path), 0)
}

/** `unlinkat(directory, path, AT_REMOVEDIR)`: remove an empty directory. rmdir(2). @throws SyscallError ENOTEMPTY, … */
export function rmdirat(directory: number, path: Path): void {
  syscall('unlinkat', directory, cString(path), AT_REMOVEDIR)
}

/**
 * `renameat2(fromDirectory, fromPath, toDirectory, toPath, flags)`. rename(2).
 *
 * @param flags RENAME_NOREPLACE (the new name must be free), RENAME_EXCHANGE (both must exist and are swapped in one
 *   step), RENAME_WHITEOUT
 * @throws SyscallError EEXIST, ENOTEMPTY, EXDEV across mounts, EINVAL where the file system lacks the flag, …
 */
export function renameat2(fromDirectory: number, fromPath: Path, toDirectory: number, toPath: Path, flags = 0): void {
  syscall('renameat2', fromDirectory, cString(fromPath), toDirectory, cString(toPath), flags)
}

/**
 * `readlinkat(directory, path, buffer, size)`: where a symbolic link points to, as bytes. readlink(2).
 *
 * @param path `''` for an fd of the link itself (O_PATH|O_NOFOLLOW)
 * @throws SyscallError EINVAL if it is no symbolic link, ENOENT, …
 */
export function readlinkat(directory: number, path: Path): Buffer {
  const target = Buffer.alloc(PATH_MAX)
  return target.subarray(0, syscall('readlinkat', directory, cString(path), target, PATH_MAX))
}
