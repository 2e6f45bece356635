import { canHold, type DirectoryNode, type FileNode, type NodeMetadata, notHeld } from '@rt/erofs'
import { RtError, S_IFDIR, S_IFMT } from '@rt/sys'
import { lowerMetadata } from '../extract/copy-up.js'
import type { Warnings } from '../extract/warnings.js'
import { isForeign } from '../extract/xattrs.js'
import type { Found, MergedView } from '../layers/merged-view.js'
import type { ByteString } from '../tar/byte-string.js'
import type { TarEntry } from '../tar/entry.js'

/** A directory while a tree is made. */
export interface MutableDirectory extends DirectoryNode {
  readonly children: Map<ByteString, TreeNode>
  mode: number
  uid: number
  gid: number
  mtime: NodeMetadata['mtime']
  xattrs: NodeMetadata['xattrs']
  /** The layer hides what those below have in it. */
  isOpaque: boolean
  /** The archive has entries in it, but none for itself. */
  isImplied: boolean
}

/** What a directory is made with. */
export type DirectoryMetadata = Pick<MutableDirectory, 'mode' | 'uid' | 'gid' | 'mtime' | 'xattrs'>

export type TreeNode = MutableDirectory | Exclude<FileNode, DirectoryNode>

export const isDirectory = (node: TreeNode | undefined): node is MutableDirectory => node?.type === 'directory'

/** As mkdir -p makes them. */
const PLAIN = { mode: 0o755, uid: 0, gid: 0, mtime: { seconds: 0, nanoseconds: 0 }, xattrs: undefined }

/** The tree of a layer. Paths are those of the archive: nothing in it is followed. */
export class LayerTree {
  readonly root: MutableDirectory
  /** Paths of directories that hide what those below have in them, as the archive has said so far. */
  readonly opaque = new Set<ByteString>()

  /** @param lower what the layers below show together; undefined: there are none */
  constructor(
    readonly lower: MergedView | undefined,
    readonly warnings: Warnings,
  ) {
    this.root = directory(this.#below('') ?? PLAIN)
  }

  /** Whether there are layers below. */
  get isStacked(): boolean {
    return this.lower !== undefined
  }

  /** What is at a path of this layer. @throws notHeld where something on the way is no directory */
  find(path: ByteString): TreeNode | undefined {
    let at: TreeNode | undefined = this.root
    for (const name of components(path)) {
      if (!at) return undefined
      if (!isDirectory(at)) throw notHeld('a path through what is no directory')
      at = at.children.get(name)
    }
    return at
  }

  /**
   * The directory at a path. One that the archive has no entry for is as the layers below have it.
   *
   * @throws notHeld for a path through something else, a symlink perhaps: to unpack it is to follow it
   */
  directory(path: ByteString): MutableDirectory {
    let at = this.root
    let walked = ''
    let isHidden = at.isOpaque || this.opaque.has('')
    for (const name of components(path)) {
      walked = walked === '' ? name : `${walked}/${name}`
      let next = at.children.get(name)
      if (!next) {
        next = directory((isHidden ? undefined : this.#below(walked)) ?? PLAIN)
        next.isImplied = true
        at.children.set(name, next)
      }
      if (!isDirectory(next)) throw notHeld('a path through what is no directory')
      at = next
      isHidden ||= at.isOpaque || this.opaque.has(walked)
    }
    return at
  }

  /** Whether the layers below have something at a path. @throws notHeld for a path through a symlink of theirs */
  isBelow(path: ByteString): boolean {
    return this.#found(path)?.status !== undefined
  }

  #below(path: ByteString): DirectoryMetadata | undefined {
    if (!this.lower) return undefined
    const found = path === '' ? undefined : this.#found(path)
    if (path !== '' && !found?.status) return undefined
    const below = lowerMetadata(this.lower, path)
    if (!below) return undefined
    // To follow a symlink that stands there is for who unpacks.
    if (found && ((found.status?.mode ?? 0) & S_IFMT) !== S_IFDIR) {
      throw notHeld('a directory where another layer has something else')
    }
    const { mode, uid, gid, mtime, xattrs } = below
    for (const [name, value] of xattrs ?? []) {
      if (!canHold(name, value)) throw notHeld(`the attribute ${JSON.stringify(name)}`)
    }
    return { mode, uid, gid, mtime: mtime ?? PLAIN.mtime, xattrs: xattrs?.size ? new Map(xattrs) : undefined }
  }

  /** Where a path leads in the layers below. @returns undefined also where something on the way is no directory */
  #found(path: ByteString): Found | undefined {
    try {
      const found = this.lower?.find(path)
      if (found && found.path.join('/') !== path) throw notHeld('a path through a symlink of another layer')
      return found
    } catch (error) {
      if (RtError.isInstance(error) && error.code === 'RT_WRONG_TYPE') return undefined
      throw error
    }
  }

  /** What an entry says of itself besides its content. */
  metadata(entry: TarEntry): DirectoryMetadata {
    const { mode, uid, gid, mtime } = entry
    return { mode, uid, gid, mtime, xattrs: this.#xattrs(entry) }
  }

  #xattrs({ xattrs, path }: TarEntry): NodeMetadata['xattrs'] {
    if (!xattrs || xattrs.size === 0) return undefined
    const kept = new Map<string, Uint8Array>()
    for (const [name, value] of xattrs) {
      if (isForeign(name)) {
        this.warnings.add(`extended attribute ${JSON.stringify(name)} was left out: it is for another machine`, path)
      } else if (!canHold(name, value)) throw notHeld(`the attribute ${JSON.stringify(name)}`)
      else kept.set(name, Uint8Array.from(value))
    }
    return kept.size === 0 ? undefined : kept
  }
}

const components = (path: ByteString): string[] => (path === '' ? [] : path.split('/'))

export const directory = (metadata: DirectoryMetadata): MutableDirectory => ({
  ...metadata,
  type: 'directory',
  children: new Map(),
  isOpaque: false,
  isImplied: false,
})
