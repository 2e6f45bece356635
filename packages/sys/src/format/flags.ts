import * as bpf from '../uapi/bpf.js'
import * as closeRange from '../uapi/close_range.js'
import * as fcntl from '../uapi/fcntl.js'
import * as fs from '../uapi/fs.js'
import * as netInterface from '../uapi/if.js'
import * as ioctls from '../uapi/ioctls.js'
import * as keyctl from '../uapi/keyctl.js'
import * as memfd from '../uapi/memfd.js'
import * as mman from '../uapi/mman.js'
import * as mount from '../uapi/mount.js'
import * as openat2 from '../uapi/openat2.js'
import * as personality from '../uapi/personality.js'
import * as pidfd from '../uapi/pidfd.js'
import * as poll from '../uapi/poll.js'
import * as prctl from '../uapi/prctl.js'
import * as random from '../uapi/random.js'
import * as sched from '../uapi/sched.js'
import * as seccomp from '../uapi/seccomp.js'
import * as securebits from '../uapi/securebits.js'
import * as signal from '../uapi/signal.js'
import * as socket from '../uapi/socket.js'
import * as stat from '../uapi/stat.js'
import * as wait from '../uapi/wait.js'
import * as xattr from '../uapi/xattr.js'

/** Constant name → bits (for {@link formatFlags}) or value (for {@link formatEnum}). */
export type FlagTable = Readonly<Record<string, number | bigint>>

/** The constants of a header whose names match. */
const pick = (header: object, names: RegExp): FlagTable =>
  Object.freeze(
    Object.fromEntries(
      Object.entries(header).filter(
        (entry): entry is [string, number | bigint] =>
          names.test(entry[0]) && (typeof entry[1] === 'number' || typeof entry[1] === 'bigint'),
      ),
    ),
  )

/** AT_* bits that the *at calls share; AT_REMOVEDIR and AT_EACCESS (one bit, two meanings) are left to their calls. */
const atFlags = () => pick(fcntl, /^AT_(?!FDCWD|REMOVEDIR|EACCESS|STATX)/)

/** Tables made when they are first read: importing this costs nothing, and few programs print anything. */
function lazily<Name extends string>(makers: Readonly<Record<Name, () => FlagTable>>) {
  const tables = {} as Record<Name, FlagTable>
  for (const name of Object.keys(makers) as Name[]) {
    Object.defineProperty(tables, name, {
      enumerable: true,
      configurable: true,
      get() {
        const value = makers[name]()
        Object.defineProperty(tables, name, { value, enumerable: true })
        return value
      },
    })
  }
  return tables as Readonly<Record<Name, FlagTable>>
}

/**
 * Every set of bits and every enumeration that a system call takes, by what it is for. Those that are enumerations
 * (print them with {@link formatEnum}): fsconfig, scheduler, prctl, capAmbient, fcntl, seek, idType, childCode, family,
 * socketType, ioctl, fileType, sigprocmask, seccomp, bpf, keyctl, dumpable, personality.
 */
export const FLAGS = lazily({
  mount: () => pick(mount, /^MS_/),
  umount2: () => pick(mount, /^(MNT_(FORCE|DETACH|EXPIRE)|UMOUNT_)/),
  open_tree: () => ({ ...pick(mount, /^OPEN_TREE_/), ...atFlags() }),
  move_mount: () => pick(mount, /^MOVE_MOUNT_/),
  fsopen: () => pick(mount, /^FSOPEN_/),
  fspick: () => pick(mount, /^FSPICK_/),
  fsmount: () => pick(mount, /^FSMOUNT_/),
  fsconfig: () => pick(mount, /^FSCONFIG_/),
  mountAttr: () => pick(mount, /^MOUNT_ATTR_(?!RELATIME|SIZE)/),
  statmount: () => pick(mount, /^STATMOUNT_/),
  propagation: () => pick(mount, /^MS_(UNBINDABLE|PRIVATE|SLAVE|SHARED)$/),
  at: atFlags,
  unlink: () => pick(fcntl, /^AT_REMOVEDIR$/),
  // unistd.h
  accessMode: () => ({ F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1 }),
  access: () => ({ ...atFlags(), ...pick(fcntl, /^AT_EACCESS$/) }),
  resolve: () => pick(openat2, /^RESOLVE_/),
  clone: () => pick(sched, /^CLONE_(?!ARGS)/),
  scheduler: () => pick(sched, /^SCHED_(?!FLAG)/),
  prctl: () => pick(prctl, /^PR_(SET|GET|CAPBSET|CAP_AMBIENT$)/),
  capAmbient: () => pick(prctl, /^PR_CAP_AMBIENT_/),
  pidfdSignal: () => pick(pidfd, /^PIDFD_SIGNAL/),
  securebits: () => pick(securebits, /^SECBIT_/),
  memfd: () => pick(memfd, /^MFD_/),
  seals: () => pick(fcntl, /^F_SEAL_/),
  fcntl: () => pick(fcntl, /^F_(?!SEAL)/),
  fd: () => pick(fcntl, /^FD_/),
  // of calls that make fds and open nothing
  newFd: () => pick(fcntl, /^O_(NONBLOCK|CLOEXEC|DIRECT)$/),
  flock: () => pick(fcntl, /^LOCK_/),
  rename: () => pick(fs, /^RENAME_/),
  seek: () => pick(fs, /^SEEK_/),
  closeRange: () => pick(closeRange, /^CLOSE_RANGE_/),
  pidfd: () => pick(pidfd, /^PIDFD_(NONBLOCK|THREAD)/),
  wait4: () => pick(wait, /^W(?!STOPPED|EXITED|NOWAIT)/),
  waitid: () => pick(wait, /^W(?!UNTRACED)/),
  idType: () => pick(wait, /^P_/),
  childCode: () => pick(wait, /^CLD_/),
  poll: () => pick(poll, /^POLL/),
  family: () => pick(socket, /^AF_/),
  socketType: () => pick(socket, /^SOCK_(?!NONBLOCK|CLOEXEC)/),
  socket: () => pick(socket, /^SOCK_(NONBLOCK|CLOEXEC)/),
  message: () => pick(socket, /^MSG_/),
  ioctl: () => ({ ...pick(ioctls, /./), ...pick(fs, /^(FICLONE|FS_IOC)/), ...pick(netInterface, /^SIOC/) }),
  xattr: () => pick(xattr, /^XATTR_/),
  getrandom: () => pick(random, /^GRND_/),
  protection: () => pick(mman, /^PROT_/),
  mmap: () => pick(mman, /^MAP_/),
  statx: () => pick(stat, /^STATX_(?!ATTR)/),
  statxAt: () => ({ ...atFlags(), ...pick(fcntl, /^AT_STATX_/) }),
  fileType: () => pick(stat, /^S_IF(?!MT)/),
  sigprocmask: () => pick(signal, /^SIG_/),
  seccomp: () => pick(seccomp, /^SECCOMP_(SET|GET)/),
  seccompFilter: () => pick(seccomp, /^SECCOMP_FILTER_FLAG/),
  bpf: () => pick(bpf, /^BPF_(PROG_(LOAD|ATTACH|DETACH|GET|QUERY)|OBJ)/),
  keyctl: () => pick(keyctl, /^KEYCTL_/),
  // include/linux/sched/coredump.h, not in uapi: the argument of PR_SET_DUMPABLE
  dumpable: () => ({ SUID_DUMP_DISABLE: 0, SUID_DUMP_USER: 1 }),
  personality: () => pick(personality, /^(PER|ADDR)_/),
})

/** The name of a table in {@link FLAGS}. */
export type FlagTableName = keyof typeof FLAGS

/**
 * A value as unsigned 64 bits. JavaScript's `|` makes bit 31 negative: a number that fits 32 signed bits is read as 32
 * unsigned ones; a bigint is read as 64 bits.
 */
export const unsigned = (value: number | bigint): bigint =>
  typeof value === 'bigint'
    ? BigInt.asUintN(64, value)
    : value < 0 && value >= -0x80000000
      ? BigInt(value >>> 0)
      : BigInt.asUintN(64, BigInt(value))

const bitCount = (value: bigint): number => value.toString(2).replaceAll('0', '').length

const sorted = new WeakMap<FlagTable, readonly (readonly [string, bigint])[]>()

/** Rows with more bits first: O_SYNC contains O_DSYNC, O_TMPFILE contains O_DIRECTORY. */
function widestFirst(table: FlagTable): readonly (readonly [string, bigint])[] {
  let rows = sorted.get(table)
  if (!rows) {
    rows = Object.entries(table)
      .map(([name, value]) => [name, unsigned(value)] as const)
      .sort((a, b) => bitCount(b[1]) - bitCount(a[1]))
    sorted.set(table, rows)
  }
  return rows
}

/** Bits by name, as strace prints them: `MS_BIND|MS_REC|0x40000000`; no bits are `0`. */
export function formatFlags(table: FlagTable, value: number | bigint): string {
  let rest = unsigned(value)
  if (rest === 0n) return widestFirst(table).find(([, bits]) => bits === 0n)?.[0] ?? '0'
  const found = new Set<string>()
  for (const [name, bits] of widestFirst(table)) {
    if (bits !== 0n && (rest & bits) === bits) {
      found.add(name)
      rest &= ~bits
    }
  }
  // In the order of the table, as the header has them.
  const names = Object.keys(table).filter((name) => found.has(name))
  if (rest !== 0n) names.push(`0x${rest.toString(16)}`)
  return names.join('|')
}

/** A value of an enumeration by name; an unknown one in hex. */
export function formatEnum(table: FlagTable, value: number | bigint): string {
  const wanted = unsigned(value)
  return widestFirst(table).find(([, known]) => known === wanted)?.[0] ?? `0x${wanted.toString(16)}`
}

/** The bits of a list of names; undefined if one is unknown. Inverse of {@link formatFlags}. */
export function parseFlags(table: FlagTable, names: readonly string[]): bigint | undefined {
  let bits = 0n
  for (const name of names) {
    const value = table[name]
    if (value === undefined) return undefined
    bits |= unsigned(value)
  }
  return bits
}
