import { type Layout, type PlannedInode, planLayout, typeOf } from './layout/plan-layout.js'
import { type DirectoryNode, modeOf } from './node.js'
import { chunkFormat, writeChunkIndex } from './ondisk/chunk.js'
import { writeDirectoryBlock } from './ondisk/dirent.js'
import { encodeDevice, INODE_SIZE, type InodeFields, writeInode } from './ondisk/inode.js'
import { BLOCK, writeSuperblock } from './ondisk/superblock.js'
import { writeXattrs, xattrCount } from './ondisk/xattr.js'

/**
 * An EROFS image (Documentation/filesystems/erofs.rst) of a tree whose files lie in another device: a tar as it is. Blocks
 * have 512 bytes, as a tar's do; each file is one chunk. It is mounted with `device=` for the tar.
 *
 * @param root the tree; a file under several names is the same object
 * @param deviceSize bytes of the other device
 * @returns the image; the same tree gives the same bytes
 * @throws an error that {@link isNotHeld} knows, for what EROFS has no place for
 */
export function writeImage(root: DirectoryNode, deviceSize: number): Buffer {
  const layout = planLayout(root)
  const image = Buffer.alloc(layout.size)
  for (const planned of layout.inodes) {
    writeInode(image, planned.at, fieldsOf(planned))
    if (planned.node.xattrs && planned.xattrBytes > 0) writeXattrs(image, planned.at + INODE_SIZE, planned.node.xattrs)
    writeContent(image, planned, layout)
  }
  writeSuperblock(image, {
    rootNid: layout.of.get(root)!.nid,
    inodes: layout.inodes.length,
    blocks: layout.size / BLOCK,
    deviceBlocks: Math.ceil(deviceSize / BLOCK),
  })
  return image
}

function fieldsOf(planned: PlannedInode): InodeFields {
  const { node, nid, links, contentAt, contentSize, isInline, xattrBytes } = planned
  const common = {
    mode: modeOf(node),
    number: nid,
    uid: node.uid,
    gid: node.gid,
    mtime: node.mtime,
    links,
    xattrs: xattrCount(xattrBytes) as number,
  }
  switch (node.type) {
    case 'file':
      return node.size === 0
        ? { ...common, layout: 'plain', size: 0, place: 0 }
        : { ...common, layout: 'chunks', size: node.size, place: chunkFormat(node.size) }
    case 'symlink':
      return isInline
        ? { ...common, layout: 'inline', size: node.target.length, place: 0 }
        : { ...common, layout: 'plain', size: node.target.length, place: contentAt / BLOCK }
    case 'directory':
      return { ...common, layout: 'plain', size: contentSize, place: contentAt / BLOCK }
    case 'fifo':
      return { ...common, layout: 'plain', size: 0, place: 0 }
    default:
      return { ...common, layout: 'plain', size: 0, place: encodeDevice(node.major, node.minor) }
  }
}

function writeContent(image: Buffer, planned: PlannedInode, { of }: Layout): void {
  const { node, at, xattrBytes, blocks, contentAt, isInline } = planned
  const behind = at + INODE_SIZE + xattrBytes
  if (node.type === 'symlink') image.write(node.target, isInline ? behind : contentAt, 'latin1')
  if (node.type === 'file' && node.size > 0) writeChunkIndex(image, Math.ceil(behind / 8) * 8, node.offset / BLOCK)
  if (node.type !== 'directory') return
  const target = (name: string): PlannedInode =>
    name === '.' ? planned : name === '..' ? (planned.above ?? planned) : of.get(node.children.get(name)!)!
  for (const [index, block] of blocks.entries()) {
    writeDirectoryBlock(image, contentAt + index * BLOCK, block, (name) => {
      const found = target(name)
      return { nid: found.nid, mode: typeOf(found) }
    })
  }
}
