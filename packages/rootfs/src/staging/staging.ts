import { basename, dirname, join } from 'node:path'
import {
  AT_FDCWD,
  close,
  ERRNO,
  mkdirat,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_RDONLY,
  openat,
  RENAME_NOREPLACE,
  RtError,
  renameat2,
  SyscallError,
  tryFlock,
} from '@rt/sys'
import { attempt, namesIn, nul, requireStatus, statusOf, tryOpen } from '../extract/calls.js'
import type { ExtractThread } from '../extract/thread.js'
import { type ByteString, encodeByteString } from '../tar/byte-string.js'

/** A leading dot and this mark the directories that are not complete; the name they will have stands between. */
const MARK = '.rt-partial-'

/** Whether a name is that of a directory that is not complete. */
export const isPartial = (name: ByteString): boolean => name.startsWith('.') && name.includes(MARK)

/** Unique enough: mkdir refuses a name that is taken. */
const partialName = (base: ByteString): ByteString =>
  `.${base}${MARK}${process.pid}-${Math.random().toString(36).slice(2)}`

/**
 * A directory that is filled beside the place where it will be, and gets its name when it is complete: whatever happens,
 * a name stands for a complete tree or for none.
 *
 * While it is filled its owner holds a lock (flock(2)) on it. The kernel drops the lock when the owner dies, however it
 * dies, so what has no lock is left over from a crash: {@link leftovers} of a later run finds it.
 */
export class Staging {
  private constructor(
    /** fd of the directory that holds it. */
    readonly parent: number,
    /** Its name while it is filled. */
    readonly name: ByteString,
    /** fd of the directory itself, which holds the lock. */
    readonly root: number,
    readonly target: ByteString,
    readonly path: string,
  ) {}

  /**
   * @param path of what will be made; its parent must exist
   * @throws SyscallError ENOENT, EACCES, ENOSPC, …
   */
  static create(path: string): Staging {
    const target = encodeByteString(basename(path))
    const parent = openat(AT_FDCWD, dirname(path), O_RDONLY | O_DIRECTORY)
    try {
      for (;;) {
        const name = partialName(target)
        mkdirat(parent, nul(name), 0o700)
        const root = openat(parent, nul(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        // Between these calls another run may have taken it for a leftover: then it is gone, and a new one is made.
        const status = tryFlock(root) ? statusOf(parent, nul(name)) : -ERRNO.ENOENT
        if (typeof status !== 'number' && status.inode === requireStatus(root).inode) {
          return new Staging(parent, name, root, target, path)
        }
        close(root)
      }
    } catch (error) {
      close(parent)
      throw error
    }
  }

  /**
   * Gives the directory its name. An empty directory that has the name is replaced.
   *
   * @throws RtError RT_EXISTS if there is something else
   */
  commit(): void {
    const { parent } = this
    try {
      renameat2(parent, nul(this.name), parent, nul(this.target), RENAME_NOREPLACE)
    } catch (error) {
      if (!SyscallError.isInstance(error)) throw error
      if (error.code !== 'EEXIST' && error.code !== 'EINVAL') throw error
      // rename(2) replaces an empty directory in one step; without the flag also where the filesystem lacks it (EINVAL).
      if (error.code === 'EINVAL' && typeof statusOf(parent, nul(this.target)) !== 'number')
        throw existsError(this.path)
      this.#replaceEmpty()
    }
  }

  #replaceEmpty(): void {
    try {
      renameat2(this.parent, nul(this.name), this.parent, nul(this.target))
    } catch (error) {
      if (SyscallError.isInstance(error) && ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(error.code)) {
        throw existsError(this.path)
      }
      throw error
    }
  }

  /** Removes the directory instead. */
  async remove(thread: ExtractThread): Promise<void> {
    try {
      await thread.run({ type: 'remove', parent: this.parent, names: [this.name] })
    } catch {
      // What made this necessary is the error to report; the next run finds the directory and removes it.
    }
  }

  close(): void {
    close(this.root)
    close(this.parent)
  }
}

/**
 * Takes away what has a path: a directory gets the name of a leftover, for {@link leftovers} to find.
 *
 * @returns whether it was one
 * @throws SyscallError
 */
export function discard(path: string): boolean {
  const unlinked = attempt('unlinkat', AT_FDCWD, nul(encodeByteString(path)), 0)
  if (unlinked === 0 || unlinked === -ERRNO.ENOENT) return false
  const name = join(dirname(path), Buffer.from(partialName(encodeByteString(basename(path))), 'latin1').toString())
  renameat2(AT_FDCWD, path, AT_FDCWD, name, RENAME_NOREPLACE)
  return true
}

export const existsError = (path: string): RtError =>
  new RtError('RT_EXISTS', `cannot unpack to ${JSON.stringify(path)}: expected no such file, or an empty directory`, {
    hint: 'remove it, or choose another directory',
  })

/** A partial tree whose owner is dead. */
export interface Leftover {
  readonly name: ByteString
  /** fd that holds the lock on it, so that nobody else removes it at the same time; to be closed. */
  readonly lock: number
}

/**
 * What crashed runs left in a directory.
 *
 * @param directory fd, open for reading
 * @param path only trees that would have got this path's last name; default: all
 */
export function leftovers(directory: number, path?: string): Leftover[] {
  const prefix = path === undefined ? '.' : `.${encodeByteString(basename(path))}${MARK}`
  const found: Leftover[] = []
  for (const name of namesIn(directory)) {
    if (!name.startsWith(prefix) || !isPartial(name)) continue
    const lock = tryOpen(directory, nul(name), O_RDONLY | O_DIRECTORY)
    if (lock < 0) continue // gone meanwhile, or another user's
    if (tryFlock(lock)) found.push({ name, lock })
    else close(lock)
  }
  return found
}
