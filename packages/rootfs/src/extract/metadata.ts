import { AT_SYMLINK_NOFOLLOW, ERRNO, quote, rawSyscall, SyscallError, syscall, syscallNumber } from '@rt/sys'
import type { ByteString } from '../tar/byte-string.js'
import type { TarEntry, Timestamp } from '../tar/entry.js'
import { nul, setTimes, setTimesAt } from './calls.js'
import type { Warnings } from './warnings.js'

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

/**
 * Extended attributes that mean something to the machine that unpacks, not to the image: another host's labels and
 * signatures; and overlay's own marks, by which a layer could show or rename files of the layers below.
 */
const FOREIGN = /^(security\.(?!capability$)|system\.(?!posix_acl_)|trusted\.overlay\.|user\.overlay\.)/

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
   * Of a name that can't be opened: a symlink, device or fifo, made with its final mode.
   *
   * @throws SyscallError
   */
  applyAt(directory: number, name: Uint8Array, metadata: Metadata, path: ByteString): void {
    if (this.needsChown(metadata)) {
      syscall('fchownat', directory, name, metadata.uid, metadata.gid, AT_SYMLINK_NOFOLLOW)
    }
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
    const foreign = FOREIGN.test(name)
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

const shown = (name: ByteString): string => quote(Buffer.from(name, 'latin1'), 80)
