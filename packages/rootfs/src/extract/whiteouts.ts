import { AT_REMOVEDIR, O_DIRECTORY, O_RDONLY, RtError, S_IFDIR, S_IFMT, syscall } from '@rt/sys'
import { type ByteString, quoteByteString } from '../tar/byte-string.js'
import type { TarEntry } from '../tar/entry.js'
import { namesIn, nul, open, requireStatus, type Status, statusOf } from './calls.js'
import { splitPath } from './entry-path.js'
import { isWhiteout, makeWhiteout, markOpaque, type OverlayNamespace } from './overlay-marks.js'
import { emptyDirectory } from './remove.js'
import type { TargetTree } from './target.js'

/**
 * What a layer takes away from those below it (image-spec, layer.md, "Whiteouts"). It concerns the lower layers only: an
 * entry of the same name in the same layer stays, whichever comes first in the archive.
 */
export interface Whiteouts {
  /** `.wh.name`: the name is gone. @param parent path of the directory */
  hide(parent: ByteString, name: ByteString): void
  /** `.wh..wh..opq`: all that was in the directory is gone. */
  hideAll(parent: ByteString): void
  /** This layer has an entry of this name. @param parent fd of the directory */
  made(parent: number, name: ByteString, type: TarEntry['type']): void
  /** This layer has a directory of this name, for something in it or for a whiteout. @param parent fd */
  implied(parent: number, name: ByteString): void
}

const PREFIX = '.wh.'
const OPAQUE = '.wh..wh..opq'

/** What AUFS kept in its branches; old Docker layers have it, and it means nothing. */
export const isAufsMetadata = (parent: ByteString, base: ByteString): boolean =>
  (base.startsWith('.wh..wh.') && base !== OPAQUE) || /(^|\/)\.wh\.\.wh\./.test(parent)

/**
 * Whether a name is that of a whiteout; if so it is applied.
 *
 * @throws RtError RT_UNSAFE for a whiteout of nothing, of `.` or of `..`
 */
export function applyWhiteout(whiteouts: Whiteouts, parent: ByteString, base: ByteString): boolean {
  if (!base.startsWith(PREFIX)) return false
  if (base === OPAQUE) whiteouts.hideAll(parent)
  else {
    const name = base.slice(PREFIX.length)
    if (name === '' || name === '.' || name === '..') {
      throw new RtError('RT_UNSAFE', `a whiteout must name something to hide, got ${quoteByteString(base)}`)
    }
    whiteouts.hide(parent, name)
  }
  return true
}

/** For a layer below which there is nothing: nothing is to be hidden. */
export const noWhiteouts: Whiteouts = { hide() {}, hideAll() {}, made() {}, implied() {} }

/** Applies a layer on top of others in one directory: what is hidden is removed. */
export class AppliedWhiteouts implements Whiteouts {
  /** What this layer made, as `INODE/NAME` of the directory and the name in it: paths may lead to it by several ways. */
  readonly #made = new Set<string>()

  constructor(readonly tree: TargetTree) {}

  made(parent: number, name: ByteString): void {
    this.#made.add(`${requireStatus(parent).inode}/${name}`)
  }

  implied(parent: number, name: ByteString): void {
    this.made(parent, name)
  }

  hide(parent: ByteString, name: ByteString): void {
    const directory = this.tree.existing(parent)
    if (directory === undefined) return
    const bytes = nul(name)
    const status = statusOf(directory, bytes)
    if (typeof status === 'number') return
    const made = this.#made.has(`${requireStatus(directory).inode}/${name}`)
    if ((status.mode & S_IFMT) !== S_IFDIR) {
      if (!made) syscall('unlinkat', directory, bytes, 0)
    }
    // What this layer has in it stays, even if it has no entry for the directory.
    else if (!this.#empty(directory, bytes) && !made) syscall('unlinkat', directory, bytes, AT_REMOVEDIR)
    this.tree.forget()
  }

  hideAll(parent: ByteString): void {
    const directory = this.tree.existing(parent)
    if (directory === undefined) return
    this.#empty(directory, nul('.'))
    this.tree.forget()
    // The mark is an entry in the directory: this layer has it.
    const { parent: above, base } = splitPath(parent)
    const holder = this.tree.existing(above)
    if (base !== '' && holder !== undefined) this.made(holder, base)
  }

  /** @returns whether anything stayed */
  #empty(parent: number, name: Uint8Array): boolean {
    const fd = open(parent, name, O_RDONLY | O_DIRECTORY)
    try {
      return emptyDirectory(fd, requireStatus(fd).inode, (inode, child) => this.#made.has(`${inode}/${child}`))
    } finally {
      syscall('close', fd)
    }
  }
}

/** Keeps a layer by itself: what is hidden is marked, as overlay reads it. */
export class OverlayWhiteouts implements Whiteouts {
  /** Whether the layer hides all of the layers below: overlay can't mark its root, so they must be left out. */
  opaqueRoot = false
  /** Inode numbers of directories that were made because something lies in them, be it only whiteouts. */
  readonly #implied = new Set<number>()

  constructor(
    readonly tree: TargetTree,
    readonly namespace: OverlayNamespace,
  ) {}

  made(parent: number, name: ByteString, type: TarEntry['type']): void {
    if (type === 'directory') this.#implied.delete(requireStatus(parent, nul(name)).inode)
  }

  implied(parent: number, name: ByteString): void {
    this.#implied.add(requireStatus(parent, nul(name)).inode)
  }

  hide(parent: ByteString, name: ByteString): void {
    // Nothing to hide: no directory is made only for that, and overlay shows whiteouts where it merges nothing.
    if (!this.#find(`${parent}/${name}`, false)) return
    const directory = this.tree.directory(parent)
    const bytes = nul(name)
    const status = statusOf(directory, bytes)
    if (typeof status === 'number') makeWhiteout(directory, bytes)
    // This layer has the name already: if it is a directory, overlay would merge it with that below.
    else if ((status.mode & S_IFMT) === S_IFDIR) {
      if (this.#removeHollow(directory, name)) {
        makeWhiteout(directory, bytes)
        this.tree.forget()
      } else this.#mark(directory, bytes)
    }
    this.tree.forgetAliases()
  }

  hideAll(parent: ByteString): void {
    const status = this.#find(parent, true)
    if (!status || (status.mode & S_IFMT) !== S_IFDIR) return
    const directory = this.tree.directory(parent)
    this.#implied.delete(requireStatus(directory).inode) // the mark is an entry in it
    if (this.#mark(directory, nul('.'))) this.tree.forget()
    if (this.tree.canonical(parent) === '') {
      this.opaqueRoot = true
      this.tree.view.leaveOutLower()
    }
    this.tree.forgetAliases()
  }

  /** What is there, in this layer or below it; undefined also if a file stands where the path needs a directory. */
  #find(path: ByteString, follow: boolean): Status | undefined {
    try {
      return this.tree.view.find(path, follow).status
    } catch (error) {
      if (RtError.isInstance(error) && error.code === 'RT_WRONG_TYPE') return undefined
      throw error
    }
  }

  /** @returns whether a directory was removed */
  #mark(parent: number, name: Uint8Array): boolean {
    const fd = open(parent, name, O_RDONLY | O_DIRECTORY)
    try {
      let removed = false
      for (const child of namesIn(fd)) removed = this.#removeHollow(fd, child) || removed
      markOpaque(fd, this.namespace)
      return removed
    } finally {
      syscall('close', fd)
    }
  }

  /**
   * Removes a directory that was made for whiteouts only: where what they hide is hidden anyway, it would be seen. Also
   * those in it, if it stays itself.
   *
   * @returns whether it was removed
   */
  #removeHollow(parent: number, name: ByteString): boolean {
    const bytes = nul(name)
    const status = requireStatus(parent, bytes)
    if ((status.mode & S_IFMT) !== S_IFDIR) return false
    const fd = open(parent, bytes, O_RDONLY | O_DIRECTORY)
    let hollow = this.#implied.has(status.inode)
    try {
      for (const child of namesIn(fd)) {
        if (!this.#removeHollow(fd, child) && !isWhiteout(requireStatus(fd, nul(child)))) hollow = false
      }
      if (!hollow) return false
      for (const child of namesIn(fd)) syscall('unlinkat', fd, nul(child), 0)
      syscall('unlinkat', parent, bytes, AT_REMOVEDIR)
      this.#implied.delete(status.inode)
      return true
    } finally {
      syscall('close', fd)
    }
  }
}
