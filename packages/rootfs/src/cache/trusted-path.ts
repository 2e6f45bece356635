import { statSync } from 'node:fs'
import {
  AT_FDCWD,
  close,
  ERRNO,
  O_DIRECTORY,
  O_PATH,
  type RtError,
  readlinkat,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
} from '@rt/sys'
import { attempt, nul, open, requireStatus, type Status, statusOf, tryOpen } from '../extract/calls.js'
import { type ByteString, encodeByteString, quoteByteString, toByteString } from '../tar/byte-string.js'
import { othersCouldChange, wrongPlace } from './cache-errors.js'

const MOST_LINKS = 40 // as the kernel: then ELOOP
const STICKY = 0o1000
const OTHERS_WRITE = 0o022

/**
 * Whom the names on the way to the cache may belong to: whoever owns a directory can put another in its place. Root's are
 * those of /proc/sys, which a user namespace may show as nobody's.
 */
const trustedOwners = (): ReadonlySet<number> => new Set([0, process.geteuid!(), statSync('/proc/sys').uid])

/**
 * Opens the directory at a path that nobody but root and the caller has led elsewhere, or can: each directory on the way
 * belongs to one of them and can't be written by others, unless it is sticky, where they can't replace what isn't
 * theirs; each symlink belongs to one of them too. So the path is good as a string afterwards.
 *
 * @param path absolute
 * @param make makes what is missing, for the caller alone
 * @returns an O_PATH fd, the caller's to close; undefined if there is nothing
 * @throws RtError RT_UNSAFE, RT_WRONG_TYPE, RT_PERMISSION, each with the remedy
 */
export function openTrusted(path: string, make: boolean): number | undefined {
  const walk = new TrustedWalk(path, make)
  try {
    return walk.run()
  } finally {
    walk.close()
  }
}

class TrustedWalk {
  readonly #owners = trustedOwners()
  readonly #todo: ByteString[]
  /** The directories from the root to where the walk is. */
  readonly #fds: number[] = []
  readonly #names: ByteString[] = []
  #links = 0

  constructor(
    readonly path: string,
    readonly make: boolean,
  ) {
    this.#todo = encodeByteString(path).split('/').reverse()
    this.#fds.push(open(AT_FDCWD, nul('/'), O_PATH | O_DIRECTORY))
  }

  run(): number | undefined {
    for (;;) {
      const at = this.#fds.at(-1)!
      this.#check(requireStatus(at))
      const name = this.#todo.pop()
      if (name === undefined) return this.#fds.pop()
      if (name === '' || name === '.') continue
      if (name === '..') this.#leave()
      else if (!this.#enter(at, name)) return undefined
    }
  }

  close(): void {
    for (const fd of this.#fds.splice(0)) close(fd)
  }

  #leave(): void {
    if (this.#fds.length === 1) return // the root's parent is itself
    close(this.#fds.pop()!)
    this.#names.pop()
  }

  /** @returns false if there is nothing of this name */
  #enter(at: number, name: ByteString): boolean {
    const bytes = nul(name)
    let status = statusOf(at, bytes)
    if (status === -ERRNO.ENOENT && this.make) {
      const made = attempt('mkdirat', at, bytes, 0o700)
      if (made < 0 && made !== -ERRNO.EEXIST) throw wrongPlace(this.path, this.#shown(name), -made)
      status = statusOf(at, bytes)
    }
    if (status === -ERRNO.ENOENT) return false
    if (typeof status === 'number') throw wrongPlace(this.path, this.#shown(name), -status)
    if ((status.mode & S_IFMT) === S_IFLNK) this.#follow(at, name, status)
    else {
      const isDirectory = (status.mode & S_IFMT) === S_IFDIR
      const next = isDirectory ? tryOpen(at, bytes, O_PATH | O_DIRECTORY) : -ERRNO.ENOTDIR
      if (next < 0) throw wrongPlace(this.path, this.#shown(name), -next)
      this.#fds.push(next)
      this.#names.push(name)
    }
    return true
  }

  #follow(at: number, name: ByteString, status: Status): void {
    if (!this.#owners.has(status.uid)) throw this.#untrusted(this.#shown(name), status)
    if (++this.#links > MOST_LINKS) throw wrongPlace(this.path, this.#shown(name), ERRNO.ELOOP)
    const target = toByteString(readlinkat(at, nul(name)))
    if (target.startsWith('/')) while (this.#fds.length > 1) this.#leave()
    this.#todo.push(...target.split('/').reverse())
  }

  #check(status: Status): void {
    const safe = (status.mode & OTHERS_WRITE) === 0 || (status.mode & STICKY) !== 0
    if (!safe || !this.#owners.has(status.uid)) throw this.#untrusted(this.#shown(), status)
  }

  #untrusted(what: string, status: Status): RtError {
    const expected = [...new Set([0, process.geteuid!()])].join(' or ')
    return othersCouldChange(this.path, what, expected, status)
  }

  #shown(name?: ByteString): string {
    return quoteByteString(`/${[...this.#names, ...(name === undefined ? [] : [name])].join('/')}`)
  }
}
