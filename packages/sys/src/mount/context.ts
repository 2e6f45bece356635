import { bytes, integer } from '../native/arguments.js'
import { cString, type Path } from '../native/path.js'
import { attempt, syscall } from '../native/syscall.js'
import {
  FSCONFIG_CMD_CREATE,
  FSCONFIG_CMD_RECONFIGURE,
  FSCONFIG_SET_BINARY,
  FSCONFIG_SET_FD,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  FSPICK_CLOEXEC,
} from '../uapi/mount.js'

// A file system is mounted in four calls: fsopen makes a context, fsconfig sets its options one by one, then creates
// the superblock, fsmount makes a detached mount of it, move_mount attaches that. All since Linux 5.2.

/**
 * `fsopen(type, FSOPEN_CLOEXEC)`: a context in which a file system of this type is configured. fsopen(2), Linux 5.2.
 *
 * @returns an fd, close-on-exec
 * @throws SyscallError ENODEV for a type that the kernel lacks, EPERM without CAP_SYS_ADMIN over the mount namespace
 */
export function fsopen(type: string): number {
  return syscall('fsopen', cString(type), FSOPEN_CLOEXEC)
}

/**
 * `fspick(directory, path, FSPICK_CLOEXEC|flags)`: a context of a file system that is mounted, to change its options.
 * fspick(2), Linux 5.2.
 *
 * @param flags FSPICK_EMPTY_PATH, FSPICK_SYMLINK_NOFOLLOW, FSPICK_NO_AUTOMOUNT
 * @throws SyscallError EINVAL if the path is no mount's root, EPERM, ENOENT
 */
export function fspick(directory: number, path: Path, flags = 0): number {
  return syscall('fspick', directory, cString(path), FSPICK_CLOEXEC | integer(flags, 'flags'))
}

/**
 * `fsconfig(context, FSCONFIG_SET_FLAG, key, NULL, 0)`: an option without a value, as `ro`. fsconfig(2), Linux 5.2.
 *
 * @throws SyscallError EINVAL for an option that the file system does not know; {@link contextMessages} says more
 */
export function fsconfigFlag(context: number, key: string): void {
  syscall('fsconfig', context, FSCONFIG_SET_FLAG, cString(key), null, 0)
}

/**
 * `fsconfig(context, FSCONFIG_SET_STRING, key, value, 0)`: an option with a value; `source` is what mount tables show.
 * fsconfig(2), Linux 5.2.
 *
 * @param value at most 255 bytes
 * @throws SyscallError EINVAL for an unknown option, a bad value, or one too long
 */
export function fsconfigString(context: number, key: string, value: Path): void {
  syscall('fsconfig', context, FSCONFIG_SET_STRING, cString(key), cString(value), 0)
}

/**
 * `fsconfig(context, FSCONFIG_SET_BINARY, key, value, size)`: an option whose value is bytes. fsconfig(2), Linux 5.2.
 *
 * @throws SyscallError EINVAL for an unknown option or more than 1 MiB
 */
export function fsconfigBinary(context: number, key: string, value: Uint8Array): void {
  syscall('fsconfig', context, FSCONFIG_SET_BINARY, cString(key), bytes(value, 'value'), value.byteLength)
}

/**
 * `fsconfig(context, FSCONFIG_SET_FD, key, NULL, fd)`: an option whose value is an open file, as overlay's layers (Linux
 * 6.13). fsconfig(2), Linux 5.2.
 *
 * @throws SyscallError EINVAL for an option that takes no fd
 */
export function fsconfigFd(context: number, key: string, fd: number): void {
  syscall('fsconfig', context, FSCONFIG_SET_FD, cString(key), null, integer(fd, 'fd'))
}

/**
 * `fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0)`: make the superblock, with all options set before.
 * fsconfig(2), Linux 5.2.
 *
 * @throws SyscallError what mount(2) would say: EPERM, EINVAL, EBUSY, …
 */
export function fsconfigCreate(context: number): void {
  syscall('fsconfig', context, FSCONFIG_CMD_CREATE, null, null, 0)
}

/**
 * `fsconfig(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0)`: apply the options set in a context of {@link fspick}.
 * fsconfig(2), Linux 5.2.
 *
 * @throws SyscallError EBUSY if a file open for writing forbids `ro`, EINVAL
 */
export function fsconfigReconfigure(context: number): void {
  syscall('fsconfig', context, FSCONFIG_CMD_RECONFIGURE, null, null, 0)
}

/**
 * `fsmount(context, FSMOUNT_CLOEXEC, attributes)`: a detached mount of the created file system. fsmount(2), Linux 5.2.
 *
 * @param attributes MOUNT_ATTR_*
 * @returns an O_PATH fd, close-on-exec; closing it takes the mount away unless it was attached
 * @throws SyscallError EINVAL if fsconfigCreate was not called or for a bad attribute, EPERM where a user namespace may
 *   not see this file system in full
 */
export function fsmount(context: number, attributes = 0): number {
  return syscall('fsmount', context, FSMOUNT_CLOEXEC, attributes)
}

/**
 * `read(context, …)`: what the file system said about its options since the last call, one line each, as
 * `e overlay: No upperdir specified` (e error, w warning, i information): the reason that EINVAL keeps to itself.
 */
export function contextMessages(context: number): string[] {
  const messages: string[] = []
  const line = Buffer.alloc(4096)
  // ENODATA: no more; any other error too means that nothing can be told.
  for (let size = 1; size > 0; ) {
    size = attempt('read', [context, line, line.byteLength])
    if (size > 0) messages.push(line.toString('utf8', 0, size).trimEnd())
  }
  return messages
}
