import { close, ERRNO, O_DIRECTORY, O_RDONLY } from '@rt/sys'
import { attempt, nul, requireStatus, tryOpen } from '../extract/calls.js'
import { encodeByteString, quoteByteString } from '../tar/byte-string.js'
import { othersCouldChange, wrongPlace } from './cache-errors.js'
import { openTrusted } from './trusted-path.js'

/**
 * The cache's directory. Whatever is used of it is reached from here, each time anew, by fds: the way to it must be
 * root's and the caller's ({@link openTrusted}), and all directories in it the caller's own, real ones, and not for others
 * to write. Nobody else may even enter: layers hold set-user-ID programs, old ones with known holes among them
 * (CVE-2021-41091).
 */
export class CacheDirectory {
  constructor(readonly path: string) {}

  /**
   * A directory in it, by the names that lead there.
   *
   * @returns an fd open for reading, the caller's to close; undefined if there is none
   * @throws RtError RT_UNSAFE, RT_WRONG_TYPE, RT_PERMISSION
   */
  open(...names: readonly string[]): number | undefined {
    return this.#walk(names, false)
  }

  /** The same, made if it is missing. */
  make(...names: readonly string[]): number {
    return this.#walk(names, true)!
  }

  /** Opens a directory for a while. @returns undefined if there is none */
  within<T>(names: readonly string[], use: (fd: number) => T): T | undefined {
    const fd = this.open(...names)
    if (fd === undefined) return undefined
    try {
      return use(fd)
    } finally {
      close(fd)
    }
  }

  #walk(names: readonly string[], make: boolean): number | undefined {
    const root = openTrusted(this.path, make)
    if (root === undefined) return undefined
    let at = root
    let shown = this.path
    try {
      // The cache itself, opened for reading: what openTrusted gives only names it.
      for (const name of ['.', ...names]) {
        const bytes = nul(encodeByteString(name))
        if (name !== '.') shown += `/${name}`
        if (make && name !== '.') {
          const made = attempt('mkdirat', at, bytes, 0o700)
          if (made < 0 && made !== -ERRNO.EEXIST) throw wrongPlace(this.path, this.#quoted(shown), -made)
        }
        const next = tryOpen(at, bytes, O_RDONLY | O_DIRECTORY)
        if (next === -ERRNO.ENOENT) return undefined
        if (next < 0) throw wrongPlace(this.path, this.#quoted(shown), -next)
        close(at)
        at = next
        const status = requireStatus(at)
        if (status.uid !== process.geteuid!() || (status.mode & 0o022) !== 0) {
          throw othersCouldChange(this.path, this.#quoted(shown), String(process.geteuid!()), status)
        }
      }
      const found = at
      at = -1
      return found
    } finally {
      if (at >= 0) close(at)
    }
  }

  #quoted(path: string): string {
    return quoteByteString(encodeByteString(path))
  }
}
