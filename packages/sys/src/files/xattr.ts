import { ERRNO } from '../errno.js'
import { bytes } from '../native/arguments.js'
import { syscallError } from '../native/failure.js'
import { cString, type Path } from '../native/path.js'
import type { RawArgument } from '../native/raw-argument.js'
import { attempt, syscall } from '../native/syscall.js'
import type { SyscallName } from '../syscalls.js'
import { XATTR_LIST_MAX, XATTR_SIZE_MAX } from '../uapi/limits.js'

// xattr(7). The forms with l act on a symlink itself, those with f on an open file (not on an O_PATH fd: EBADF).

const FIRST_SIZE = 512

/** Most values are small: ask with a small buffer, and again with the largest if the kernel says ERANGE. */
function read(name: SyscallName, target: readonly RawArgument[], largest: number): Buffer {
  for (let size = FIRST_SIZE; ; size = largest) {
    const buffer = Buffer.alloc(size)
    const args = [...target, buffer, size]
    const length = attempt(name, args)
    if (length >= 0) return buffer.subarray(0, length)
    if (length !== -ERRNO.ERANGE || size === largest) throw syscallError(name, args, -length)
  }
}

/** Names end with NUL each. */
const names = (list: Buffer): string[] => list.toString().split('\0').slice(0, -1)

/**
 * `lsetxattr(path, name, value, size, flags)`. setxattr(2).
 *
 * @param name with its namespace: `user.x`, `security.capability`, `trusted.overlay.opaque`
 * @param flags XATTR_CREATE (must be new), XATTR_REPLACE (must be there)
 * @throws SyscallError EOPNOTSUPP where the file system or its namespace of names is not there, EPERM, E2BIG, ERANGE,
 *   ENOSPC, EEXIST, ENODATA
 */
export function lsetxattr(path: Path, name: Path, value: Uint8Array, flags = 0): void {
  syscall('lsetxattr', cString(path), cString(name), bytes(value, 'value'), value.byteLength, flags)
}

/** `lgetxattr(path, name, value, size)`. getxattr(2). @throws SyscallError ENODATA if there is none, EOPNOTSUPP */
export function lgetxattr(path: Path, name: Path): Buffer {
  return read('lgetxattr', [cString(path), cString(name)], XATTR_SIZE_MAX)
}

/** `llistxattr(path, list, size)`: the names; `trusted.*` only for CAP_SYS_ADMIN. listxattr(2). @throws SyscallError EOPNOTSUPP */
export function llistxattr(path: Path): string[] {
  return names(read('llistxattr', [cString(path)], XATTR_LIST_MAX))
}

/** `lremovexattr(path, name)`. removexattr(2). @throws SyscallError ENODATA if there is none, EPERM */
export function lremovexattr(path: Path, name: Path): void {
  syscall('lremovexattr', cString(path), cString(name))
}

/** `fsetxattr(fd, name, value, size, flags)`. setxattr(2). @throws SyscallError as {@link lsetxattr} */
export function fsetxattr(fd: number, name: Path, value: Uint8Array, flags = 0): void {
  syscall('fsetxattr', fd, cString(name), bytes(value, 'value'), value.byteLength, flags)
}

/** `fgetxattr(fd, name, value, size)`. getxattr(2). @throws SyscallError ENODATA if there is none, EOPNOTSUPP */
export function fgetxattr(fd: number, name: Path): Buffer {
  return read('fgetxattr', [fd, cString(name)], XATTR_SIZE_MAX)
}

/** `flistxattr(fd, list, size)`: the names; `trusted.*` only for CAP_SYS_ADMIN. listxattr(2). @throws SyscallError EOPNOTSUPP */
export function flistxattr(fd: number): string[] {
  return names(read('flistxattr', [fd], XATTR_LIST_MAX))
}

/** `fremovexattr(fd, name)`. removexattr(2). @throws SyscallError ENODATA if there is none, EPERM */
export function fremovexattr(fd: number, name: Path): void {
  syscall('fremovexattr', fd, cString(name))
}
