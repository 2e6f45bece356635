import type { Arch } from '../syscalls.js'

/**
 * include/uapi/asm-generic/fcntl.h and linux/fcntl.h: open(2), fcntl(2), the AT_* flags. Four of the open flags differ
 * between x64 and arm64 (arch/arm64/include/uapi/asm/fcntl.h); the constants here are those of the processor that runs,
 * {@link translateOpenFlags} serves programs compiled for the other one.
 */

const ARM = process.arch === 'arm64'

// open(2)
export const O_RDONLY = 0
export const O_WRONLY = 1
export const O_RDWR = 2
export const O_ACCMODE = 3
export const O_CREAT = 0o100
export const O_EXCL = 0o200
export const O_NOCTTY = 0o400
export const O_TRUNC = 0o1000
export const O_APPEND = 0o2000
export const O_NONBLOCK = 0o4000
export const O_DSYNC = 0o10000
export const O_NOATIME = 0o1000000
export const O_CLOEXEC = 0o2000000
export const O_PATH = 0o10000000
export const O_SYNC = 0o4010000
// these four differ by processor
export const O_DIRECTORY = ARM ? 0o40000 : 0o200000
export const O_NOFOLLOW = ARM ? 0o100000 : 0o400000
export const O_DIRECT = ARM ? 0o200000 : 0o40000
export const O_LARGEFILE = ARM ? 0o400000 : 0o100000
/** Contains O_DIRECTORY. Linux 3.11. */
export const O_TMPFILE = 0o20000000 | O_DIRECTORY

// directory fd that stands for the working directory
export const AT_FDCWD = -100

// AT_* flags of the *at calls
export const AT_SYMLINK_NOFOLLOW = 0x100
export const AT_REMOVEDIR = 0x200 // unlinkat(2)
export const AT_EACCESS = 0x200 // faccessat2(2)
export const AT_SYMLINK_FOLLOW = 0x400
export const AT_NO_AUTOMOUNT = 0x800
export const AT_EMPTY_PATH = 0x1000
export const AT_STATX_FORCE_SYNC = 0x2000
export const AT_STATX_DONT_SYNC = 0x4000
export const AT_RECURSIVE = 0x8000 // open_tree(2), mount_setattr(2)

// fcntl(2)
export const F_DUPFD = 0
export const F_GETFD = 1
export const F_SETFD = 2
export const F_GETFL = 3
export const F_SETFL = 4
export const FD_CLOEXEC = 1
export const F_DUPFD_CLOEXEC = 1030
export const F_SETPIPE_SZ = 1031
export const F_GETPIPE_SZ = 1032
export const F_ADD_SEALS = 1033
export const F_GET_SEALS = 1034

// seals of a memfd
export const F_SEAL_SEAL = 1
export const F_SEAL_SHRINK = 2
export const F_SEAL_GROW = 4
export const F_SEAL_WRITE = 8
export const F_SEAL_FUTURE_WRITE = 0x10 // Linux 5.1
export const F_SEAL_EXEC = 0x20 // Linux 6.3

// flock(2)
export const LOCK_SH = 1
export const LOCK_EX = 2
export const LOCK_NB = 4
export const LOCK_UN = 8

// utimensat(2): nanoseconds that mean "now" and "leave it"
export const UTIME_NOW = 0x3fffffff
export const UTIME_OMIT = 0x3ffffffe

/** The open flags of one processor, in the order in which strace prints them. */
export const openFlags = (arch: Arch): Readonly<Record<string, number>> => {
  const arm = arch === 'arm64'
  const directory = arm ? 0o40000 : 0o200000
  return {
    O_WRONLY,
    O_RDWR,
    O_CREAT,
    O_EXCL,
    O_NOCTTY,
    O_TRUNC,
    O_APPEND,
    O_NONBLOCK,
    O_SYNC,
    O_DSYNC,
    O_DIRECT: arm ? 0o200000 : 0o40000,
    O_LARGEFILE: arm ? 0o400000 : 0o100000,
    O_TMPFILE: 0o20000000 | directory,
    O_DIRECTORY: directory,
    O_NOFOLLOW: arm ? 0o100000 : 0o400000,
    O_NOATIME,
    O_CLOEXEC,
    O_PATH,
  }
}

const DIFFERING = ['O_DIRECTORY', 'O_NOFOLLOW', 'O_DIRECT', 'O_LARGEFILE'] as const

/** The same open flags as another processor spells them. Bits above 32 and unknown bits stay. */
export function translateOpenFlags(flags: number | bigint, from: Arch, to: Arch): bigint {
  const source = openFlags(from)
  const target = openFlags(to)
  const given = BigInt(flags)
  let result = given
  for (const name of DIFFERING) result &= ~BigInt(source[name]!)
  for (const name of DIFFERING) if (given & BigInt(source[name]!)) result |= BigInt(target[name]!)
  return result
}
