import { ERRNO, O_DIRECTORY, O_PATH, O_RDONLY, RtError, readlinkat, S_IFDIR, S_IFLNK, S_IFMT, syscall } from '@rt/sys'
import { nul, open, type Status, statusOf, tryOpen } from '../extract/calls.js'
import { isOpaque, isWhiteout, type OverlayNamespace } from '../extract/overlay-marks.js'
import { type ByteString, quoteByteString, toByteString } from '../tar/byte-string.js'

/** A directory as overlay shows it: those of the layers, topmost first, as fds open for reading. */
interface MergedDirectory {
  readonly name: ByteString
  readonly fds: readonly number[]
}

/** Where a path leads in the stack of layers. */
export interface Found {
  /** Components from the root, all of them directories but for the last; no symlink is left in it. */
  readonly path: readonly ByteString[]
  /** Undefined if there is nothing: then `path` is where it would be. */
  readonly status: Status | undefined
}

const MOST_LINKS = 40 // as the kernel: then ELOOP

/**
 * Looks paths up in a stack of layers as if overlay had merged them, without a mount: for what must know lower layers
 * while one is unpacked, and for a plain user, who can't mount. It goes one component at a time, from an open directory
 * to a name in it, without following anything: a symlink is read and resolved here, and `..` at the root stays there.
 */
export class MergedView {
  #root: MergedDirectory
  readonly #namespace: OverlayNamespace

  /** @param layers fds of the layers' roots, topmost first, open for reading; they remain the caller's */
  constructor(layers: readonly number[], namespace: OverlayNamespace) {
    this.#root = { name: '', fds: layers }
    this.#namespace = namespace
  }

  /** From now on only the topmost layer is seen: it hides the others. */
  leaveOutLower(): void {
    this.#root = { name: '', fds: this.#root.fds.slice(0, 1) }
  }

  /**
   * Where a path leads; symlinks are followed but for one at the end (unless `follow`).
   *
   * @throws RtError RT_WRONG_TYPE if a component on the way is no directory; RT_UNSAFE for a loop of links
   */
  find(path: ByteString, follow = false): Found {
    return this.#walk(path, follow, (found) => found)
  }

  /**
   * An fd of what a path leads to, symlinks followed.
   *
   * @param flags of open(2); O_NOFOLLOW and O_CLOEXEC are added
   * @returns undefined if there is nothing
   */
  open(path: ByteString, flags: number, follow = true): number | undefined {
    return this.#walk(path, follow, (found, directory) => {
      if (!found.status) return undefined
      const name = found.path.at(-1)
      if (name === undefined) return open(this.#root.fds[0]!, nul('.'), flags)
      for (const fd of directory.fds) {
        const opened = tryOpen(fd, nul(name), flags)
        if (opened >= 0) return opened
        if (opened !== -ERRNO.ENOENT) open(fd, nul(name), flags)
      }
      return undefined
    })
  }

  /** Where the symlink at a path points to. @throws RtError RT_NOT_FOUND, SyscallError EINVAL if it is none */
  readLink(path: ByteString): ByteString {
    return this.#walk(path, false, (found, directory) => {
      const name = found.path.at(-1)
      if (!found.status || name === undefined) throw new RtError('RT_NOT_FOUND', `no symlink ${quoteByteString(path)}`)
      return this.#readLink(directory, name)
    })
  }

  #walk<T>(path: ByteString, follow: boolean, use: (found: Found, parent: MergedDirectory) => T): T {
    const stack: MergedDirectory[] = [this.#root]
    const todo = path.split('/').reverse()
    let links = 0
    try {
      for (;;) {
        const name = todo.pop()
        const at = stack.at(-1)!
        const above = stack.slice(1).map((directory) => directory.name)
        if (name === undefined) {
          const status = statusOf(at.fds[0]!)
          return use({ path: above, status: status as Status }, stack.at(-2) ?? at)
        }
        if (name === '' || name === '.') continue
        if (name === '..') {
          if (stack.length > 1) close(stack.pop()!)
          continue
        }
        const rest = todo.filter((component) => component !== '' && component !== '.').reverse()
        const { status, fds } = this.#child(at, name)
        if (!status) return use({ path: missing([...above, name], rest), status: undefined }, at)
        const type = status.mode & S_IFMT
        if (type === S_IFLNK && (follow || rest.length > 0)) {
          if (++links > MOST_LINKS) throw new RtError('RT_UNSAFE', `${quoteByteString(path)}: too many symlinks`)
          const target = this.#readLink(at, name)
          if (target.startsWith('/')) close(...stack.splice(1))
          todo.push(...target.split('/').reverse())
        } else if (type === S_IFDIR) stack.push({ name, fds })
        else if (rest.length === 0) return use({ path: [...above, name], status }, at)
        else {
          const shown = quoteByteString([...above, name].join('/'))
          throw new RtError('RT_WRONG_TYPE', `expected a directory at ${shown}, got something else`)
        }
      }
    } finally {
      close(...stack.splice(1))
    }
  }

  /** What a merged directory has under a name: of the topmost layer that has it; a directory with those below it. */
  #child(directory: MergedDirectory, name: ByteString): { status: Status | undefined; fds: number[] } {
    const bytes = nul(name)
    let status: Status | undefined
    const fds: number[] = []
    for (const layer of directory.fds) {
      const found = statusOf(layer, bytes)
      if (typeof found === 'number') {
        if (found !== -ERRNO.ENOENT) statusError(layer, bytes)
        continue
      }
      const isDirectory = (found.mode & S_IFMT) === S_IFDIR
      if (!isDirectory) {
        if (!status && !isWhiteout(found)) status = found
        break
      }
      status ??= found
      const fd = open(layer, bytes, O_RDONLY | O_DIRECTORY)
      fds.push(fd)
      if (isOpaque(fd, this.#namespace)) break
    }
    return { status, fds }
  }

  #readLink(directory: MergedDirectory, name: ByteString): ByteString {
    for (const fd of directory.fds) {
      if (typeof statusOf(fd, nul(name)) !== 'number') return toByteString(readlinkat(fd, nul(name)))
    }
    throw new RtError('RT_UNSAFE', `symlink ${quoteByteString(name)} vanished while it was read`)
  }
}

/** Where a path would lead whose end is missing: there is no symlink in it, so `..` is what comes before. */
function missing(path: ByteString[], rest: readonly ByteString[]): ByteString[] {
  for (const component of rest) {
    if (component === '..') path.pop()
    else path.push(component)
  }
  return path
}

function close(...directories: readonly MergedDirectory[]): void {
  for (const { fds } of directories) for (const fd of fds) syscall('close', fd)
}

/** @throws SyscallError always: what went wrong, in full */
function statusError(directory: number, name: Uint8Array): never {
  syscall('close', open(directory, name, O_PATH))
  throw new RtError('RT_UNSAFE', 'a layer changed while it was read')
}
