import { AT_FDCWD, ERRNO, O_DIRECTORY, O_PATH, RtError, readlinkat, S_IFDIR, S_IFMT, syscall } from '@rt/sys'
import type { MergedView } from '../layers/merged-view.js'
import { type ByteString, quoteByteString, toByteString } from '../tar/byte-string.js'
import { nul, openInRoot, openInRootError, statusOf } from './calls.js'
import { lowerMetadata } from './copy-up.js'
import type { Metadata } from './metadata.js'
import { isWhiteout } from './overlay-marks.js'

/** Directory fds kept open: an archive goes depth first, so the last few parents are what is asked for next. */
const CACHED = 24

/** A directory that had to be made because an entry lies in it. */
export interface ImpliedDirectory {
  readonly path: ByteString
  readonly parent: number
  /** NUL-terminated. */
  readonly name: Uint8Array
  /** Of the same directory in the layers below: what is meant for this one. */
  readonly lower: Metadata | undefined
  /** A whiteout stood there: what lower layers have in it stays hidden. */
  readonly hides: boolean
}

/** A directory that is kept open. */
interface OpenDirectory {
  readonly fd: number
  /** The path that leads to it without symlinks; found when it is asked for. */
  canonical: ByteString | undefined
}

/**
 * The tree that is being filled. It turns a path into an fd of the directory that holds the last component; the kernel
 * resolves it beneath the root ({@link openInRoot}), following what symlinks there are as it would after chroot(2).
 *
 * An fd it gives is good for the next question, but not for those after it: only some are kept open.
 */
export class TargetTree {
  readonly #cache = new Map<ByteString, OpenDirectory>()
  /** Whether the cache has paths that only a lower layer's symlink makes right. */
  #hasAlias = false

  /**
   * @param root fd of the root
   * @param view the root and the layers below it, merged: where an archive leaves out a directory, it is the lower
   *   layer's that is meant
   * @param stacked whether there are layers below: then a whiteout in the tree is the absence of a file
   */
  constructor(
    readonly root: number,
    readonly view: MergedView,
    readonly stacked: boolean,
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

  /** The directory at a path, or undefined if there is none in this tree. @throws RtError RT_UNSAFE, SyscallError */
  existing(path: ByteString): number | undefined {
    const fd = this.#look(path)
    if (fd >= 0) return fd
    if (fd === -ERRNO.ENOENT || fd === -ERRNO.ENOTDIR) return undefined
    throw this.#error(path, -fd)
  }

  /**
   * The path of a directory of the tree without symlinks: it leads there even if the archive replaces one that the path
   * went through.
   */
  canonical(path: ByteString): ByteString {
    this.directory(path)
    const directory = this.#cache.get(path)
    if (!directory) return '' // the root
    directory.canonical ??= this.#relative(directory.fd) ?? path
    return directory.canonical
  }

  /** @returns undefined if it is not beneath the root any more */
  #relative(fd: number): ByteString | undefined {
    const [root, path] = [this.root, fd].map((each) =>
      toByteString(readlinkat(AT_FDCWD, `/proc/thread-self/fd/${each}`)),
    )
    if (path === root) return ''
    return path!.startsWith(`${root}/`) ? path!.slice(root!.length + 1) : undefined
  }

  /** Must be called when a directory or symlink is removed or replaced: paths may lead elsewhere then. */
  forget(): void {
    for (const { fd } of this.#cache.values()) syscall('close', fd)
    this.#cache.clear()
    this.#hasAlias = false
  }

  /** Must be called when a directory or symlink is made or hidden: those of lower layers are seen no more. */
  forgetAliases(): void {
    if (this.#hasAlias) this.forget()
  }

  /** @returns an fd, or minus an errno */
  #look(path: ByteString): number {
    if (path === '') return this.root
    const cached = this.#cache.get(path)
    if (cached) {
      this.#cache.delete(path) // to the end of the queue
      this.#cache.set(path, cached)
      return cached.fd
    }
    const fd = openInRoot(this.root, nul(path), O_PATH | O_DIRECTORY)
    return fd < 0 ? fd : this.#keep(path, fd)
  }

  #keep(path: ByteString, fd: number): number {
    if (this.#cache.size >= CACHED) {
      const [oldest, directory] = this.#cache.entries().next().value!
      this.#cache.delete(oldest)
      syscall('close', directory.fd)
    }
    this.#cache.set(path, { fd, canonical: undefined })
    return fd
  }

  /** Makes what is missing of a path, from the root down. */
  #make(path: ByteString): number {
    // Where the path leads with the lower layers in place: no symlink is left in it.
    const components = this.view.find(path, true).path
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
    const fd = openInRoot(this.root, nul(made === '' ? '.' : made), O_PATH | O_DIRECTORY)
    if (fd < 0) throw this.#error(made, -fd)
    return this.#keep(path, fd)
  }

  #makeOne(parent: number, name: ByteString, path: ByteString): void {
    const bytes = nul(name)
    const lower = this.view.find(path).status
    if (lower && (lower.mode & S_IFMT) !== S_IFDIR) throw this.#error(path, ERRNO.ENOTDIR)
    const inTheWay = statusOf(parent, bytes)
    const hides = this.stacked && typeof inTheWay !== 'number' && isWhiteout(inTheWay)
    if (hides) syscall('unlinkat', parent, bytes, 0)
    const metadata = hides || !lower ? undefined : lowerMetadata(this.view, path)
    syscall('mkdirat', parent, bytes, 0o700)
    this.onImplied({ path, parent, name: bytes, lower: metadata, hides })
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
