import { ERRNO, O_DIRECTORY, O_PATH, RtError, S_IFDIR, S_IFLNK, S_IFMT, syscall } from '@rt/sys'
import type { MergedView } from '../layers/merged-view.js'
import { type ByteString, quoteByteString } from '../tar/byte-string.js'
import { nul, openInRoot, openInRootError, type Status, statusOf } from './calls.js'
import { isWhiteout } from './overlay-marks.js'

/** Directory fds kept open: an archive goes depth first, so the last few parents are what is asked for next. */
const CACHED = 24

/** A directory that had to be made because an entry lies in it. */
export interface ImpliedDirectory {
  readonly path: ByteString
  readonly parent: number
  /** NUL-terminated. */
  readonly name: Uint8Array
  /** The same directory in the layers below, whose owner, mode and times are meant. */
  readonly lower: Status | undefined
  /** A whiteout stood there: what lower layers have in it stays hidden. */
  readonly wasWhiteout: boolean
}

/**
 * The tree that is being filled. It turns a path into an fd of the directory that holds the last component; the kernel
 * resolves it beneath the root ({@link openInRoot}), following what symlinks there are as it would after chroot(2).
 *
 * An fd it gives is good for the next question, but not for those after it: only some are kept open.
 */
export class TargetTree {
  readonly #cache = new Map<ByteString, number>()
  /** Whether the cache has paths that only a lower layer's symlink makes right. */
  #hasAlias = false

  /**
   * @param root fd of the root
   * @param view the root and the layers below it, merged, for a layer that is unpacked by itself: where its archive
   *   leaves out a directory, it is the lower layer's that is meant
   */
  constructor(
    readonly root: number,
    readonly view: MergedView | undefined,
    readonly onImplied: (directory: ImpliedDirectory) => void,
  ) {}

  /**
   * The directory at a path, made if it is missing.
   *
   * @returns an O_PATH fd, which remains the tree's
   * @throws RtError RT_WRONG_TYPE if something else is there or on the way, RT_UNSAFE if it is another mount
   */
  directory(path: ByteString): number {
    return this.existing(path) ?? this.#make(path)
  }

  /** The directory at a path, or undefined if there is none in this tree. @throws RtError as {@link directory} */
  existing(path: ByteString): number | undefined {
    const fd = this.#look(path)
    if (fd >= 0) return fd
    // With a view it may be a whiteout; #make will see.
    if (fd === -ERRNO.ENOENT || (fd === -ERRNO.ENOTDIR && this.view)) return undefined
    throw this.#error(path, -fd)
  }

  /** Must be called when a directory or symlink is removed or replaced: paths may lead elsewhere then. */
  forget(): void {
    for (const fd of this.#cache.values()) syscall('close', fd)
    this.#cache.clear()
    this.#hasAlias = false
  }

  /** Must be called when a directory or symlink is made: it may stand in for one of a lower layer. */
  forgetAliases(): void {
    if (this.#hasAlias) this.forget()
  }

  /** @returns an fd, or minus an errno */
  #look(path: ByteString): number {
    if (path === '') return this.root
    const cached = this.#cache.get(path)
    if (cached !== undefined) {
      this.#cache.delete(path) // to the end of the queue
      this.#cache.set(path, cached)
      return cached
    }
    const fd = openInRoot(this.root, nul(path), O_PATH | O_DIRECTORY)
    return fd < 0 ? fd : this.#keep(path, fd)
  }

  #keep(path: ByteString, fd: number): number {
    if (this.#cache.size >= CACHED) {
      const [oldest, oldestFd] = this.#cache.entries().next().value!
      this.#cache.delete(oldest)
      syscall('close', oldestFd)
    }
    this.#cache.set(path, fd)
    return fd
  }

  /** Makes what is missing of a path, from the root down. */
  #make(path: ByteString): number {
    // Where the path leads with the lower layers in place: no symlink is left in it.
    const components = this.view?.find(path, true).path ?? path.split('/')
    let at = this.root
    let made = ''
    for (const name of components) {
      const above = at
      made = made === '' ? name : `${made}/${name}`
      at = this.#look(made)
      if (at >= 0) continue
      if (at !== -ERRNO.ENOENT && at !== -ERRNO.ENOTDIR) throw this.#error(made, -at)
      this.#makeOne(above, name, made)
      at = this.directory(made)
    }
    if (made === path) return at
    this.#hasAlias = true
    const fd = openInRoot(this.root, nul(made), O_PATH | O_DIRECTORY)
    if (fd < 0) throw this.#error(path, -fd)
    return this.#keep(path, fd)
  }

  #makeOne(parent: number, name: ByteString, path: ByteString): void {
    const bytes = nul(name)
    const lower = this.view?.find(path).status
    if (lower && (lower.mode & S_IFMT) !== S_IFDIR) throw this.#error(path, ERRNO.ENOTDIR)
    const inTheWay = statusOf(parent, bytes)
    const wasWhiteout = this.view !== undefined && typeof inTheWay !== 'number' && isWhiteout(inTheWay)
    if (wasWhiteout) syscall('unlinkat', parent, bytes, 0)
    else if (typeof inTheWay !== 'number') {
      if ((inTheWay.mode & S_IFMT) !== S_IFLNK) throw this.#error(path, ERRNO.ENOTDIR)
      const quoted = quoteByteString(path)
      throw new RtError('RT_WRONG_TYPE', `expected a directory at ${quoted}, got a symlink that leads nowhere`)
    }
    syscall('mkdirat', parent, bytes, 0o700)
    this.onImplied({ path, parent, name: bytes, lower: wasWhiteout ? undefined : lower, wasWhiteout })
  }

  /** What it means that the directory at a path can't be opened. @param errno positive */
  #error(path: ByteString, errno: number): RtError {
    const quoted = quoteByteString(path)
    switch (errno) {
      case ERRNO.ENOTDIR:
        return new RtError('RT_WRONG_TYPE', `expected a directory at ${quoted}, got something else`)
      case ERRNO.EXDEV:
        return new RtError('RT_UNSAFE', `${quoted} leads to another mount`)
      case ERRNO.ELOOP:
        return new RtError('RT_UNSAFE', `${quoted} leads through too many symlinks`)
      case ERRNO.EAGAIN:
        return new RtError('RT_UNSAFE', `${quoted} was renamed again and again while it was resolved`)
      default:
        return openInRootError(-errno, this.root, nul(path))
    }
  }
}
