import { type DirectoryNode, type FileNode, modeOf } from '../node.js'
import { notHeld } from '../not-held.js'
import { CHUNK_INDEX_SIZE, MOST_BLOCKS } from '../ondisk/chunk.js'
import { type DirectoryBlock, directoryBlocks } from '../ondisk/dirent.js'
import { INODE_SIZE, SLOT } from '../ondisk/inode.js'
import { BLOCK, META_BLOCK } from '../ondisk/superblock.js'
import { xattrCount, xattrSize } from '../ondisk/xattr.js'

/** An inode, and where everything of it goes. All offsets are bytes from the image's start. */
export interface PlannedInode {
  readonly node: FileNode
  readonly nid: number
  readonly at: number
  readonly xattrBytes: number
  /** Links that lead to it. */
  links: number
  /** Of a directory: itself and the one above it. */
  readonly above: PlannedInode | undefined
  /** What it holds, sorted. */
  readonly blocks: readonly DirectoryBlock[]
  /** Where plain content begins (directories, long symlinks), and its bytes. */
  contentAt: number
  readonly contentSize: number
  /** A symlink's target stands right behind its inode. */
  readonly isInline: boolean
}

export interface Layout {
  readonly inodes: readonly PlannedInode[]
  readonly of: ReadonlyMap<FileNode, PlannedInode>
  /** Bytes of the whole image. */
  readonly size: number
}

/** Inode 0 is none to readdir(3), so the first two slots stay empty. The root is next: its nid has 16 bits. */
const FIRST_SLOT = 2
const META_AT = META_BLOCK * BLOCK

const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to

/**
 * Decides where everything goes, before anything is written: first all inodes, each with its attributes and what is inline,
 * then the blocks of directories and of symlinks that are too long.
 *
 * @throws {@link notHeld} for what EROFS has no place for
 */
export function planLayout(root: DirectoryNode): Layout {
  const inodes: PlannedInode[] = []
  const of = new Map<FileNode, PlannedInode>()
  let at = META_AT + FIRST_SLOT * SLOT

  const place = (node: FileNode, above: PlannedInode | undefined): PlannedInode => {
    const xattrBytes = xattrSize(node.xattrs)
    if (xattrCount(xattrBytes) === undefined) throw notHeld('attributes of more than 256 KiB')
    const head = INODE_SIZE + xattrBytes
    const target = node.type === 'symlink' ? node.target.length : 0
    // Inline content may not cross the border of a block.
    const isInline = node.type === 'symlink' && head + target <= BLOCK
    if (isInline && (at % BLOCK) + head + target > BLOCK) at = roundUp(at, BLOCK)
    const hasIndex = node.type === 'file' && node.size > 0
    if (hasIndex && node.offset / BLOCK > MOST_BLOCKS) throw notHeld('a file beyond 2 TiB')
    const blocks = node.type === 'directory' ? directoryBlocks(namesOf(node)) : []
    const planned: PlannedInode = {
      node,
      nid: (at - META_AT) / SLOT,
      at,
      xattrBytes,
      links: node.type === 'directory' ? 2 : 0,
      above,
      blocks,
      contentAt: 0,
      contentSize: contentSize(node, blocks, isInline),
      isInline,
    }
    inodes.push(planned)
    of.set(node, planned)
    const size = hasIndex ? roundUp(head, CHUNK_INDEX_SIZE) + CHUNK_INDEX_SIZE : head + (isInline ? target : 0)
    at = roundUp(at + size, SLOT)
    return planned
  }

  // Breadth first: a directory's children lie beside one another, as they are read.
  const queue = [place(root, undefined)]
  for (let next = 0; next < queue.length; next++) {
    const directory = queue[next] as PlannedInode
    for (const child of (directory.node as DirectoryNode).children.values()) {
      const known = of.get(child)
      const planned = known ?? place(child, directory)
      if (child.type !== 'directory') planned.links++
      else if (known) throw notHeld('a directory under two names')
      else {
        directory.links++
        queue.push(planned)
      }
    }
  }

  at = roundUp(at, BLOCK)
  for (const planned of inodes) {
    if (planned.contentSize === 0) continue
    planned.contentAt = at
    at += roundUp(planned.contentSize, BLOCK)
  }
  return { inodes, of, size: at }
}

/** All names of a directory in the order of their bytes, `.` and `..` among them. */
function namesOf({ children }: DirectoryNode): string[] {
  const names = ['.', '..', ...children.keys()]
  for (const name of names) if (name.length > 255) throw notHeld('a name of more than 255 bytes')
  return names.sort((a, b) => (a < b ? -1 : 1))
}

/** Bytes outside of the inode. A directory's size ends with the last name. */
function contentSize(node: FileNode, blocks: readonly DirectoryBlock[], isInline: boolean): number {
  if (node.type === 'directory') return (blocks.length - 1) * BLOCK + (blocks.at(-1)?.used ?? 0)
  return node.type === 'symlink' && !isInline ? node.target.length : 0
}

export const typeOf = (planned: PlannedInode): number => modeOf(planned.node)
