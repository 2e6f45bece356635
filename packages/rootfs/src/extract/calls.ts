import {
  AT_EMPTY_PATH,
  AT_SYMLINK_NOFOLLOW,
  type CallArgument,
  ERRNO,
  formatCall,
  O_CLOEXEC,
  O_NOFOLLOW,
  OPEN_HOW_SIZE_VER0,
  type RawArgument,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_XDEV,
  rawSyscall,
  SEEK_SET,
  STATX_BASIC_STATS,
  SyscallError,
  type SyscallName,
  structLayout,
  syscall,
  syscallNumber,
} from '@rt/sys'
import { type ByteString, toByteString } from '../tar/byte-string.js'
import type { Timestamp } from '../tar/entry.js'

// The calls an unpacking makes for every entry. @rt/sys has them all as well, in a friendlier form; here names are bytes,
// nothing is allocated, and an errno that is expected (EEXIST, ENOENT) is a result instead of an exception.

/** @returns the result, or minus an errno */
export const attempt = (name: SyscallName, ...args: RawArgument[]): number => rawSyscall(syscallNumber(name), args)

/** The error of a call that gave minus an errno, printed as strace does. */
export const callError = (result: number, name: SyscallName, ...args: CallArgument[]): SyscallError =>
  new SyscallError({ syscall: name, errno: -result, call: formatCall(name, args) })

/** EAGAIN: something was renamed while `..` was resolved, so the kernel can't vouch for it. Lost this often only on purpose. */
const RACES = 64

// struct open_how: flags, mode, resolve; the upper halves stay 0.
const how = new Uint32Array(6)
const howBytes = new Uint8Array(how.buffer)

/**
 * openat2(2) with the directory as root: `/`, `..` and symlinks stay beneath it, magic links and other mounts are
 * refused. No string is ever checked for that: the kernel walks the path.
 *
 * @param path NUL-terminated
 * @param mounts RESOLVE_NO_XDEV: nothing is mounted in a tree that is being unpacked, unless somebody wants it misled;
 *   0 for a root that is in use
 * @returns an fd, or minus an errno
 */
export function openInRoot(root: number, path: Uint8Array, flags: number, mounts = RESOLVE_NO_XDEV): number {
  how[0] = flags | O_CLOEXEC
  how[4] = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | mounts
  let result = -ERRNO.EAGAIN
  for (let race = 0; race < RACES && result === -ERRNO.EAGAIN; race++) {
    result = attempt('openat2', root, path, howBytes, OPEN_HOW_SIZE_VER0)
  }
  return result
}

/** The error of the last {@link openInRoot}. */
export const openInRootError = (result: number, root: number, path: Uint8Array): SyscallError =>
  callError(result, 'openat2', root, path, howBytes, OPEN_HOW_SIZE_VER0)

/**
 * Opens a name in a directory; a symlink there is not followed.
 *
 * @param name NUL-terminated
 * @returns an fd, or minus an errno
 */
export const tryOpen = (directory: number, name: Uint8Array, flags: number, mode = 0): number =>
  attempt('openat', directory, name, flags | O_NOFOLLOW | O_CLOEXEC, mode)

/** The same. @throws SyscallError */
export const open = (directory: number, name: Uint8Array, flags: number, mode = 0): number =>
  syscall('openat', directory, name, flags | O_NOFOLLOW | O_CLOEXEC, mode)

/** What {@link statusOf} found; overwritten by the next call. */
export interface Status {
  mode: number
  uid: number
  gid: number
  /** Inode number; beyond 2^53 the lowest bits are lost, which only XFS and network filesystems reach. */
  inode: number
  size: number
  rdevMajor: number
  rdevMinor: number
  device: number
  atime: Timestamp
  mtime: Timestamp
}

const layout = structLayout('statx')
const statusBytes = new Uint8Array(layout.size)
const view = new DataView(statusBytes.buffer)
const offsetOf = (field: string): number => layout.fields[field]!.offset
const AT = {
  mode: offsetOf('stx_mode'),
  uid: offsetOf('stx_uid'),
  gid: offsetOf('stx_gid'),
  inode: offsetOf('stx_ino'),
  size: offsetOf('stx_size'),
  rdevMajor: offsetOf('stx_rdev_major'),
  rdevMinor: offsetOf('stx_rdev_minor'),
  devMajor: offsetOf('stx_dev_major'),
  devMinor: offsetOf('stx_dev_minor'),
  atime: offsetOf('stx_atime_sec'),
  atimeRest: offsetOf('stx_atime_nsec'),
  mtime: offsetOf('stx_mtime_sec'),
  mtimeRest: offsetOf('stx_mtime_nsec'),
}
const uint64 = (at: number): number => view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32
const int64 = (at: number): number => view.getUint32(at, true) + view.getInt32(at + 4, true) * 2 ** 32

const NOTHING = nul('')

/** statx(2) of a name in a directory (a symlink itself), or of the fd if `name` is left out. @returns minus an errno if it failed */
export function statusOf(directory: number, name: Uint8Array = NOTHING): Status | number {
  const flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH
  const result = attempt('statx', directory, name, flags, STATX_BASIC_STATS, statusBytes)
  if (result < 0) return result
  return {
    mode: view.getUint16(AT.mode, true),
    uid: view.getUint32(AT.uid, true),
    gid: view.getUint32(AT.gid, true),
    inode: uint64(AT.inode),
    size: uint64(AT.size),
    rdevMajor: view.getUint32(AT.rdevMajor, true),
    rdevMinor: view.getUint32(AT.rdevMinor, true),
    device: view.getUint32(AT.devMajor, true) * 2 ** 20 + view.getUint32(AT.devMinor, true),
    atime: { seconds: int64(AT.atime), nanoseconds: view.getUint32(AT.atimeRest, true) },
    mtime: { seconds: int64(AT.mtime), nanoseconds: view.getUint32(AT.mtimeRest, true) },
  }
}

/** The same of something that must be there. @throws SyscallError */
export function requireStatus(directory: number, name: Uint8Array = NOTHING): Status {
  const status = statusOf(directory, name)
  if (typeof status !== 'number') return status
  throw callError(status, 'statx', directory, name, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, STATX_BASIC_STATS)
}

// struct timespec[2]: access time, modification time
const times = new Int32Array(8)
const timesBytes = new Uint8Array(times.buffer)

function putTime(at: number, { seconds, nanoseconds }: Timestamp): void {
  times[at] = (seconds % 2 ** 32) | 0
  times[at + 1] = Math.floor(seconds / 2 ** 32)
  times[at + 2] = nanoseconds
}

/** utimensat(2) on an open file. @throws SyscallError */
export function setTimes(fd: number, atime: Timestamp, mtime: Timestamp): void {
  putTime(0, atime)
  putTime(4, mtime)
  syscall('utimensat', fd, null, timesBytes, 0)
}

/** utimensat(2) on a name, a symlink itself. @throws SyscallError */
export function setTimesAt(directory: number, name: Uint8Array, atime: Timestamp, mtime: Timestamp): void {
  putTime(0, atime)
  putTime(4, mtime)
  syscall('utimensat', directory, name, timesBytes, AT_SYMLINK_NOFOLLOW)
}

/** The bytes of a name and a NUL. */
export function nul(name: ByteString): Buffer {
  return Buffer.from(`${name}\0`, 'latin1')
}

const DIRENT_NAME = 19 // offset of d_name in struct linux_dirent64

/**
 * The names in a directory, without `.` and `..`; all of them are read before one is used, so they can be removed.
 *
 * @param fd open for reading
 * @throws SyscallError
 */
export function namesIn(fd: number): ByteString[] {
  const names: ByteString[] = []
  const buffer = Buffer.allocUnsafe(32768)
  syscall('lseek', fd, 0, SEEK_SET) // an earlier question left it at the end
  for (;;) {
    const length = syscall('getdents64', fd, buffer, buffer.length)
    if (length === 0) return names
    for (let at = 0; at < length; at += buffer.readUInt16LE(at + 16)) {
      const name = toByteString(buffer, at + DIRENT_NAME, buffer.indexOf(0, at + DIRENT_NAME))
      if (name !== '.' && name !== '..') names.push(name)
    }
  }
}
