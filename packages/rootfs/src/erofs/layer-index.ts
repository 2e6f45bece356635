import { notHeld, writeImage } from '@rt/erofs'
import { inStep, RtError } from '@rt/sys'
import { ArchiveMeter } from '../extract/archive-meter.js'
import { type EntryPath, splitPath } from '../extract/entry-path.js'
import { checkLimit, type Limits } from '../extract/limits.js'
import { Warnings } from '../extract/warnings.js'
import { applyWhiteout, isAufsMetadata, type Whiteouts } from '../extract/whiteouts.js'
import type { MergedView } from '../layers/merged-view.js'
import type { ByteString } from '../tar/byte-string.js'
import { describePosition } from '../tar/damage.js'
import type { TarEntry, TarHandler } from '../tar/entry.js'
import { directory, isDirectory, LayerTree, type MutableDirectory, type TreeNode } from './tree.js'

/** What came of it, as of an Extractor. */
export interface Indexed {
  readonly image: Buffer
  readonly entries: number
  readonly bytes: number
  readonly warnings: readonly string[]
  readonly opaqueRoot: boolean
}

/** How overlay says that a directory hides those below it (Documentation/filesystems/overlayfs.rst). */
const OPAQUE = new Map([['trusted.overlay.opaque', Buffer.from('y')]])

/**
 * Makes an index of a layer's tar as it is read: an EROFS image of what unpacking it would make. It is the handler of a
 * TarReader. What an index can't say (a sparse file, a hard link into another layer, a path through a symlink) ends it with
 * an error that `isNotHeld` knows: then the layer is unpacked instead.
 */
export class LayerIndex implements TarHandler {
  readonly #warnings = new Warnings()
  readonly #tree: LayerTree
  readonly #meter: ArchiveMeter
  /** What the layer takes away, by the directory: applied in the end, since an entry of the same name stays. */
  readonly #hidden: { readonly parent: ByteString; readonly name: ByteString }[] = []
  readonly #whiteouts: Whiteouts = {
    hide: (parent, name) => void this.#hidden.push({ parent, name }),
    hideAll: (parent) => void this.#tree.opaque.add(parent),
    made() {},
    implied() {},
  }

  constructor(
    lower: MergedView | undefined,
    readonly limits: Limits,
  ) {
    this.#tree = new LayerTree(lower, this.#warnings)
    this.#meter = new ArchiveMeter(limits)
  }

  entry(entry: TarEntry): void {
    try {
      this.#meter.count(entry)
      this.#take(entry)
    } catch (error) {
      throw RtError.isInstance(error) ? inStep(error, describePosition(entry)) : error
    }
  }

  // The content stays where it is.
  data(): void {}
  end(): void {}

  /** @param size bytes of the tar */
  finish(size: number): Indexed {
    if (this.#tree.isStacked) this.#applyWhiteouts()
    const { entries, bytes } = this.#meter
    return {
      image: writeImage(this.#tree.root, size),
      entries,
      bytes,
      warnings: this.#warnings.list(),
      opaqueRoot: this.#tree.root.isOpaque,
    }
  }

  #take(entry: TarEntry): void {
    for (const keyword of entry.notRestored) this.#warnings.add(`${keyword} is not restored`, entry.path)
    const path = splitPath(entry.path)
    checkLimit(this.limits, 'depth', path.depth, 'the path is too deep')
    if (path.depth === 0) {
      if (entry.type !== 'directory') {
        throw new RtError('RT_UNSAFE', `the root must be a directory, got a ${entry.type}`)
      }
      Object.assign(this.#tree.root, this.#tree.metadata(entry))
    } else if (isAufsMetadata(path.parent, path.base)) this.#warnings.add('metadata of AUFS was left out', entry.path)
    else if (!applyWhiteout(this.#whiteouts, path.parent, path.base)) this.#create(entry, path)
  }

  #create(entry: TarEntry, { parent, base }: EntryPath): void {
    if (entry.type === 'character' && entry.major === 0 && entry.minor === 0) {
      this.#warnings.add(
        'character device 0:0 was left out: to overlay it means that there is no such file',
        entry.path,
      )
      return
    }
    const { children } = this.#tree.directory(parent)
    const before = children.get(base)
    if (entry.type === 'directory') {
      if (isDirectory(before)) {
        Object.assign(before, this.#tree.metadata(entry), { isImplied: false })
        return
      }
      const made = directory(this.#tree.metadata(entry))
      // What stood there hid what the layers below have: so does this.
      if (before && this.#tree.isStacked) this.#mark(made)
      children.set(base, made)
      return
    }
    children.set(base, this.#nodeOf(entry))
  }

  #nodeOf(entry: TarEntry): TreeNode {
    const metadata = this.#tree.metadata(entry)
    switch (entry.type) {
      case 'file':
        if (entry.sparse) throw notHeld('a sparse file')
        return { type: 'file', ...metadata, size: entry.size, offset: entry.dataOffset }
      case 'symlink':
        return { type: 'symlink', ...metadata, mode: 0o777, target: entry.linkPath }
      case 'hardlink': {
        const { parent, base, depth } = splitPath(entry.linkPath)
        const target = depth === 0 ? undefined : this.#tree.find(parent === '' ? base : `${parent}/${base}`)
        if (!target || isDirectory(target)) throw notHeld('a hard link to what the archive has no file for')
        return target
      }
      case 'fifo':
        return { type: 'fifo', ...metadata }
      default:
        return { type: entry.type as 'character' | 'block', ...metadata, major: entry.major, minor: entry.minor }
    }
  }

  #mark(made: MutableDirectory): void {
    made.isOpaque = true
    made.xattrs = new Map([...(made.xattrs ?? []), ...OPAQUE])
  }

  /**
   * Opaque directories first: what a whiteout in one hides is hidden already, and overlay would show the whiteout itself, as
   * it does in any directory that it merges with nothing.
   */
  #applyWhiteouts(): void {
    for (const path of this.#tree.opaque) {
      if (path !== '' && !this.#tree.find(path) && !this.#tree.isBelow(path)) continue
      const found = this.#tree.directory(path)
      if (path === '') found.isOpaque = true
      else this.#mark(found)
    }
    const byDepth = [...this.#hidden].sort((a, b) => a.parent.length - b.parent.length)
    for (const { parent, name } of byDepth) this.#hide(parent, name)
  }

  #hide(parent: ByteString, name: ByteString): void {
    if (this.#isHiddenAlready(parent)) return
    const path = parent === '' ? name : `${parent}/${name}`
    if (!this.#tree.isBelow(path)) return
    const { children } = this.#tree.directory(parent)
    const own = children.get(name)
    // Whether what the layers below have of it counts depends on which came first.
    if (isDirectory(own) && own.isImplied) throw notHeld('a directory that is taken away, and used')
    if (isDirectory(own)) this.#mark(own)
    else if (!own) {
      const mtime = { seconds: 0, nanoseconds: 0 }
      children.set(name, { type: 'character', major: 0, minor: 0, mode: 0, uid: 0, gid: 0, mtime })
    }
  }

  /** Whether a directory, or one above it, is opaque, or is hidden as a whole. */
  #isHiddenAlready(path: ByteString): boolean {
    let at: TreeNode | undefined = this.#tree.root
    if (this.#tree.root.isOpaque) return true
    for (const name of path === '' ? [] : path.split('/')) {
      at = isDirectory(at) ? at.children.get(name) : undefined
      if (!at) return false
      if (!isDirectory(at) || at.isOpaque) return true
    }
    return false
  }
}
