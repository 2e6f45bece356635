import {
  ERRNO,
  makedev,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_WRONLY,
  type RawArgument,
  RtError,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  type SyscallName,
} from '@rt/sys'
import { type ByteString, quoteByteString } from '../tar/byte-string.js'
import type { TarEntry } from '../tar/entry.js'
import { attempt, callError, nul, requireStatus, statusOf } from './calls.js'
import type { EntryPath } from './entry-path.js'
import { isWhiteout } from './overlay-marks.js'
import { removeTree } from './remove.js'
import type { TargetTree } from './target.js'

/** Something else puts the name back each time it is removed: it is not ours to fight over. */
const ATTEMPTS = 4

const NODE_TYPE = { character: S_IFCHR, block: S_IFBLK, fifo: S_IFIFO } as const

/** A call that was made: its result (or minus an errno), and itself, for its error. */
interface Attempt {
  readonly result: number
  readonly call: readonly [SyscallName, ...RawArgument[]]
}

const tryCall = (...call: [SyscallName, ...RawArgument[]]): Attempt => ({ result: attempt(...call), call })

/** What {@link Creator.directory} did. */
export interface MadeDirectory {
  readonly inode: number
  /** Something else of this layer stood there, a whiteout say: what lower layers have in it stays hidden. */
  readonly hides: boolean
}

/** A thing that was made: the directory that holds it, and its name there, NUL-terminated. */
export interface Place {
  readonly parent: number
  readonly name: Uint8Array
}

const CREATE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC

/**
 * Makes the filesystem's objects. All of them are made exclusively: what has the name already is removed first and never
 * written through, so a symlink that an earlier entry (or another process) left is not followed.
 */
export class Creator {
  constructor(readonly tree: TargetTree) {}

  /** @returns an fd to write the content to */
  file(path: EntryPath, mode: number): number {
    const name = nul(path.base)
    return this.#place(path, name, (parent) => tryCall('openat', parent, name, CREATE, mode)).result
  }

  /** A directory that is there already stays, with what is in it. */
  directory(path: EntryPath, mode: number): MadeDirectory {
    const name = nul(path.base)
    let hides = false
    const { parent } = this.#place(path, name, (directory) => {
      const tried = tryCall('mkdirat', directory, name, mode)
      if (tried.result !== -ERRNO.EEXIST) return tried
      const status = requireStatus(directory, name)
      if ((status.mode & S_IFMT) === S_IFDIR) return { ...tried, result: 0 }
      hides = this.tree.stacked
      return tried
    })
    return { inode: requireStatus(parent, name).inode, hides }
  }

  symlink(path: EntryPath, target: ByteString): Place {
    const name = nul(path.base)
    const bytes = nul(target)
    const { parent } = this.#place(path, name, (directory) => tryCall('symlinkat', bytes, directory, name))
    return { parent, name }
  }

  /**
   * A device or fifo.
   *
   * @param made the mode to make it with
   * @returns undefined if this process may not make device nodes
   */
  node(path: EntryPath, entry: TarEntry, made: number): Place | undefined {
    const name = nul(path.base)
    const mode = NODE_TYPE[entry.type as keyof typeof NODE_TYPE] | made
    let forbidden = false
    const { parent } = this.#place(path, name, (directory) => {
      const tried = tryCall('mknodat', directory, name, mode, makedev(entry.major, entry.minor))
      forbidden = tried.result === -ERRNO.EPERM && entry.type !== 'fifo'
      return forbidden ? { ...tried, result: 0 } : tried
    })
    return forbidden ? undefined : { parent, name }
  }

  /**
   * Another name for what an earlier entry made; of a symlink the link itself.
   *
   * @param target path of the other name
   * @returns undefined if there is no such thing in this tree
   */
  link(path: EntryPath, target: EntryPath): Place | undefined {
    const name = nul(path.base)
    const targetName = nul(target.base)
    let found = false
    const { parent } = this.#place(path, name, (directory) => {
      found = false // what was in the way may have held it
      const from = this.tree.existing(target.parent)
      const source = from === undefined ? -ERRNO.ENOENT : statusOf(from, targetName)
      const missing = typeof source === 'number' || (this.tree.stacked && isWhiteout(source))
      if (from === undefined || missing) return { result: 0, call: ['linkat'] }
      if ((source.mode & S_IFMT) === S_IFDIR) {
        const quoted = quoteByteString(`${target.parent}/${target.base}`.replace(/^\//, ''))
        throw new RtError('RT_WRONG_TYPE', `the hard link’s target ${quoted} is a directory`)
      }
      found = true
      const tried = tryCall('linkat', from, targetName, directory, name, 0)
      if (tried.result !== -ERRNO.EEXIST) return tried
      // Two names of one file already (or one name twice): to remove one first could remove the file.
      const existing = requireStatus(directory, name)
      const same = existing.inode === source.inode && existing.device === source.device
      return same ? { ...tried, result: 0 } : tried
    })
    return found ? { parent, name } : undefined
  }

  /** Removes what is in the way and tries again. */
  #place(path: EntryPath, name: Uint8Array, make: (parent: number) => Attempt): { result: number; parent: number } {
    for (let tried = 0; tried < ATTEMPTS; tried++) {
      const parent = this.tree.directory(path.parent)
      const { result, call } = make(parent)
      if (result >= 0) return { result, parent }
      if (result !== -ERRNO.EEXIST) throw callError(result, ...call)
      const status = statusOf(parent, name)
      if (typeof status === 'number') continue // gone by itself
      removeTree(parent, path.base)
      const type = status.mode & S_IFMT
      if (type === S_IFDIR || type === S_IFLNK) this.tree.forget()
    }
    throw new RtError('RT_UNSAFE', 'another process makes the same name again and again')
  }
}
