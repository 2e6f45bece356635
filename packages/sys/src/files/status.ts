import { cString, type Path } from '../native/path.js'
import { syscall } from '../native/syscall.js'
import { decodeStruct, structLayout } from '../structs.js'
import { STATX_BASIC_STATS, STATX_MNT_ID } from '../uapi/stat.js'

/** What {@link statx} says of a file. */
export interface FileStatus {
  /** Which of the fields the file system filled: STATX_*. */
  readonly mask: number
  /** Type (S_IFMT) and permissions. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly inode: bigint
  readonly links: number
  readonly size: bigint
  /** Of 512 bytes. */
  readonly blocks: bigint
  /** Nanoseconds since 1970. */
  readonly accessed: bigint
  readonly modified: bigint
  readonly changed: bigint
  /** The device that a node stands for. */
  readonly rdev: { readonly major: number; readonly minor: number }
  /** The device that holds the file. */
  readonly device: { readonly major: number; readonly minor: number }
  /** As in mountinfo; with STATX_MNT_ID_UNIQUE as in statmount(2). Linux 5.8. */
  readonly mount: bigint
  /** STATX_ATTR_*: as STATX_ATTR_MOUNT_ROOT. */
  readonly attributes: bigint
}

const nanoseconds = (seconds: unknown, rest: unknown): bigint =>
  (seconds as bigint) * 1_000_000_000n + BigInt(rest as number)

/**
 * `statx(directory, path, flags, mask, &status)`: type, owner, times, and what fs.stat() does not tell: the mount, and
 * whether the path is a mount's root. statx(2).
 *
 * @param flags AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH (path `''`: the fd itself), AT_NO_AUTOMOUNT
 * @param mask STATX_*: what is asked for
 * @throws SyscallError ENOENT, EACCES, ELOOP, …
 */
export function statx(directory: number, path: Path, flags = 0, mask = STATX_BASIC_STATS | STATX_MNT_ID): FileStatus {
  const memory = Buffer.alloc(structLayout('statx').size)
  syscall('statx', directory, cString(path), flags, mask, memory)
  const fields = decodeStruct('statx', memory)
  return {
    mask: fields.stx_mask as number,
    mode: fields.stx_mode as number,
    uid: fields.stx_uid as number,
    gid: fields.stx_gid as number,
    inode: fields.stx_ino as bigint,
    links: fields.stx_nlink as number,
    size: fields.stx_size as bigint,
    blocks: fields.stx_blocks as bigint,
    accessed: nanoseconds(fields.stx_atime_sec, fields.stx_atime_nsec),
    modified: nanoseconds(fields.stx_mtime_sec, fields.stx_mtime_nsec),
    changed: nanoseconds(fields.stx_ctime_sec, fields.stx_ctime_nsec),
    rdev: { major: fields.stx_rdev_major as number, minor: fields.stx_rdev_minor as number },
    device: { major: fields.stx_dev_major as number, minor: fields.stx_dev_minor as number },
    mount: fields.stx_mnt_id as bigint,
    attributes: fields.stx_attributes as bigint,
  }
}

/** What {@link fstatfs} says of a file system. */
export interface FileSystemStatus {
  /** A number of magic.ts: OVERLAYFS_SUPER_MAGIC, … */
  readonly type: number
  /** Bytes of a block. */
  readonly blockSize: number
  readonly blocks: bigint
  readonly blocksFree: bigint
  /** For users other than root. */
  readonly blocksAvailable: bigint
  readonly files: bigint
  readonly filesFree: bigint
  /** Bytes of the longest name. */
  readonly nameLength: number
  /** ST_*: for the attributes of mounts the same numbers as MS_* (statfs(2)). */
  readonly flags: number
}

function fileSystemStatus(memory: Buffer): FileSystemStatus {
  const fields = decodeStruct('statfs', memory)
  return {
    type: Number(fields.f_type),
    blockSize: Number(fields.f_bsize),
    blocks: fields.f_blocks as bigint,
    blocksFree: fields.f_bfree as bigint,
    blocksAvailable: fields.f_bavail as bigint,
    files: fields.f_files as bigint,
    filesFree: fields.f_ffree as bigint,
    nameLength: Number(fields.f_namelen),
    flags: Number(fields.f_flags),
  }
}

/** `fstatfs(fd, &status)`: the file system that holds an open file (an O_PATH fd will do). statfs(2). @throws SyscallError EBADF */
export function fstatfs(fd: number): FileSystemStatus {
  const memory = Buffer.alloc(structLayout('statfs').size)
  syscall('fstatfs', fd, memory)
  return fileSystemStatus(memory)
}

/** `statfs(path, &status)`: the file system at a path. statfs(2). @throws SyscallError ENOENT, EACCES, … */
export function statfs(path: Path): FileSystemStatus {
  const memory = Buffer.alloc(structLayout('statfs').size)
  syscall('statfs', cString(path), memory)
  return fileSystemStatus(memory)
}
