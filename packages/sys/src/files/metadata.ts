import { refuseArgument, word } from '../native/arguments.js'
import { cString, type Path } from '../native/path.js'
import { syscall } from '../native/syscall.js'
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW, UTIME_NOW, UTIME_OMIT } from '../uapi/fcntl.js'

// Owner first, then mode, then xattrs, then times: chown clears setuid and setgid and security.capability, and all of
// them change times.

/** `fchmod(fd, mode)`: permissions of an open file (not of an O_PATH fd: EBADF). chmod(2). @throws SyscallError EPERM, EROFS */
export function fchmod(fd: number, mode: number): void {
  syscall('fchmod', fd, mode)
}

/**
 * `fchmodat(directory, path, mode)`: permissions by path. A symlink at the end is followed: there is no flag against it
 * before {@link fchmodat2}. chmod(2).
 *
 * @throws SyscallError EPERM, ENOENT, EROFS, …
 */
export function fchmodat(directory: number, path: Path, mode: number): void {
  syscall('fchmodat', directory, cString(path), mode)
}

/**
 * `fchmodat2(directory, path, mode, flags)`. chmod(2), Linux 6.6.
 *
 * @param flags AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH
 * @throws SyscallError EOPNOTSUPP for a symlink, whose mode means nothing; ENOSYS before Linux 6.6
 */
export function fchmodat2(directory: number, path: Path, mode: number, flags: number): void {
  syscall('fchmodat2', directory, cString(path), mode, flags)
}

/**
 * `fchownat(directory, path, uid, gid, flags)`: owner and group; -1 leaves one as it is. chown(2).
 *
 * @param flags AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH (path `''`: the fd itself, which may be an O_PATH one)
 * @throws SyscallError EPERM without CAP_CHOWN, EINVAL for an id without mapping in the user namespace, …
 */
export function fchownat(directory: number, path: Path, uid: number, gid: number, flags = 0): void {
  syscall('fchownat', directory, cString(path), uid, gid, flags)
}

/** `fchown(fd, uid, gid)`: owner and group of an open file; -1 leaves one. chown(2). @throws SyscallError as {@link fchownat} */
export function fchown(fd: number, uid: number, gid: number): void {
  syscall('fchown', fd, uid, gid)
}

/**
 * `fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW)`: owner and group of a path, of a symlink itself. arm64 has
 * no call named lchown. lchown(2).
 *
 * @throws SyscallError as {@link fchownat}
 */
export function lchown(path: Path, uid: number, gid: number): void {
  syscall('fchownat', AT_FDCWD, cString(path), uid, gid, AT_SYMLINK_NOFOLLOW)
}

/** A file's time: nanoseconds since 1970 (before it: negative), the kernel's clock, or as it is. */
export type FileTime = bigint | 'now' | 'omit'

const SECOND = 1_000_000_000n

// Reused: a thread makes one call at a time.
const times = new BigInt64Array(4)
const timesBytes = new Uint8Array(times.buffer)

/** A struct timespec at an index of {@link times}; tv_nsec counts up from tv_sec, also before 1970. */
function putTime(index: number, time: FileTime): void {
  if (typeof time === 'bigint') {
    word(time, 'a time')
    const nanoseconds = ((time % SECOND) + SECOND) % SECOND
    times[index] = (time - nanoseconds) / SECOND
    times[index + 1] = nanoseconds
  } else {
    if (time !== 'now' && time !== 'omit') {
      refuseArgument('ERR_INVALID_ARG_TYPE', 'a time', 'a bigint of nanoseconds, "now" or "omit"', time)
    }
    times[index] = 0n
    times[index + 1] = BigInt(time === 'now' ? UTIME_NOW : UTIME_OMIT)
  }
}

/**
 * `utimensat(directory, path, {accessed, modified}, flags)`: times with nanoseconds. utimensat(2).
 *
 * @param flags AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH (path `''`: the fd itself, Linux 5.8)
 * @throws SyscallError EPERM, EACCES, EROFS, ENOENT, …
 */
export function utimensat(directory: number, path: Path, accessed: FileTime, modified: FileTime, flags = 0): void {
  putTime(0, accessed)
  putTime(2, modified)
  syscall('utimensat', directory, cString(path), timesBytes, flags)
}

/**
 * `utimensat(fd, NULL, {accessed, modified}, 0)`: times of an open file (not of an O_PATH fd: EBADF). futimens(3).
 *
 * @throws SyscallError EPERM, EROFS
 */
export function futimens(fd: number, accessed: FileTime, modified: FileTime): void {
  putTime(0, accessed)
  putTime(2, modified)
  syscall('utimensat', fd, null, timesBytes, 0)
}
