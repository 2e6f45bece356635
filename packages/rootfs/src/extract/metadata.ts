import {
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  ERRNO,
  O_PATH,
  quote,
  rawSyscall,
  SyscallError,
  syscall,
  syscallNumber,
} from '@rt/sys'
import type { ByteString } from '../tar/byte-string.js'
import type { TarEntry, Timestamp } from '../tar/entry.js'
import { attempt, nul, open, setTimes, setTimesAt } from './calls.js'
import type { Warnings } from './warnings.js'
import { isForeign, ownXattrs } from './xattrs.js'

/** What is restored of a file besides its content. */
export interface Metadata {
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly xattrs: TarEntry['xattrs']
  /** Undefined: as the kernel made it. */
  readonly mtime: Timestamp | undefined
  readonly atime: Timestamp | undefined
}

/** Set-id and sticky bits. */
const SPECIAL = 0o7000

/** Sets owner, mode, attributes and times. */
export class MetadataWriter {
  readonly uid = process.geteuid?.() ?? 0
  readonly gid = process.getegid?.() ?? 0

  constructor(
    /** Whether owners are set; a plain user can't. */
    readonly keepOwners: boolean,
    readonly warnings: Warnings,
  ) {}

  /** Whether what this process makes belongs to another than the archive says. */
  needsChown({ uid, gid }: Metadata): boolean {
    return this.keepOwners && (uid !== this.uid || gid !== this.gid)
  }

  /** The mode to make a file with: the final one, unless more has to be done before it may have it. */
  creationMode(metadata: Metadata): number {
    return this.needsChown(metadata) || (metadata.mode & SPECIAL) !== 0 ? 0o600 : metadata.mode
  }

  /**
   * Of an open file or directory whose content is complete: writing clears set-id bits and capabilities.
   *
   * The order: owner first, because chown clears set-id bits and capabilities; then mode; then attributes, which may be
   * an access control list that a later chmod would change; times last, because everything changes them.
   *
   * @param made the mode it was made with
   * @throws SyscallError
   */
  apply(fd: number, metadata: Metadata, made: number, path: ByteString): void {
    if (this.needsChown(metadata)) syscall('fchown', fd, metadata.uid, metadata.gid)
    if (metadata.mode !== made) syscall('fchmod', fd, metadata.mode)
    for (const [name, value] of metadata.xattrs ?? []) {
      if (this.#accepts(name, path)) {
        this.#check(rawSyscall(syscallNumber('fsetxattr'), [fd, nul(name), value, value.length, 0]), name, path)
      }
    }
    if (metadata.mtime) setTimes(fd, metadata.atime ?? metadata.mtime, metadata.mtime)
  }

  /**
   * Of a directory that may have been there before: in a layer of its own it would have what its entry says and no more.
   *
   * @throws SyscallError
   */
  applyToDirectory(fd: number, metadata: Metadata, made: number, path: ByteString): void {
    for (const name of ownXattrs(fd).keys()) {
      if (metadata.xattrs?.has(name)) continue
      const result = attempt('fremovexattr', fd, nul(name))
      if (result < 0 && result !== -ERRNO.ENODATA) syscall('fremovexattr', fd, nul(name))
    }
    this.apply(fd, metadata, made, path)
  }

  /**
   * Of a name that can't be opened for that: a symlink, device or fifo. The order is that of {@link apply}.
   *
   * @param made the mode it was made with; undefined for a symlink, which has none
   * @throws SyscallError
   */
  applyAt(directory: number, name: Uint8Array, metadata: Metadata, made: number | undefined, path: ByteString): void {
    if (this.needsChown(metadata)) {
      syscall('fchownat', directory, name, metadata.uid, metadata.gid, AT_SYMLINK_NOFOLLOW)
    }
    if (made !== undefined && metadata.mode !== made) changeMode(directory, name, metadata.mode)
    if (metadata.xattrs) {
      // There is no lsetxattr beneath an fd before setxattrat (Linux 6.13); the link in /proc is the directory's own.
      const full = Buffer.concat([Buffer.from(`/proc/thread-self/fd/${directory}/`), name])
      for (const [key, value] of metadata.xattrs) {
        if (this.#accepts(key, path)) {
          this.#check(rawSyscall(syscallNumber('lsetxattr'), [full, nul(key), value, value.length, 0]), key, path)
        }
      }
    }
    if (metadata.mtime) setTimesAt(directory, name, metadata.atime ?? metadata.mtime, metadata.mtime)
  }

  #accepts(name: ByteString, path: ByteString): boolean {
    const foreign = isForeign(name)
    if (foreign) this.warnings.add(`extended attribute ${shown(name)} was left out: it is for another machine`, path)
    return !foreign
  }

  #check(result: number, name: ByteString, path: ByteString): void {
    if (result === 0) return
    if (result !== -ERRNO.EPERM && result !== -ERRNO.EOPNOTSUPP) {
      throw new SyscallError({
        syscall: 'fsetxattr',
        errno: -result,
        message: `cannot set extended attribute ${shown(name)}`,
        call: `fsetxattr(…, ${shown(name)}, …)`,
      })
    }
    const reason = result === -ERRNO.EPERM ? 'this user may not set it' : 'the filesystem has no such attributes'
    this.warnings.add(`extended attribute ${shown(name)} was left out: ${reason}`, path)
  }
}

/**
 * chmod of a name that is not followed and not opened: what is behind a device may act on an open. There is no flag for
 * that before fchmodat2 (Linux 6.6).
 */
function changeMode(directory: number, name: Uint8Array, mode: number): void {
  const fd = open(directory, name, O_PATH)
  try {
    syscall('fchmodat', AT_FDCWD, nul(`/proc/thread-self/fd/${fd}`), mode)
  } finally {
    syscall('close', fd)
  }
}

const shown = (name: ByteString): string => quote(Buffer.from(name, 'latin1'), 80)
