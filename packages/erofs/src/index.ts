/**
 * EROFS images whose files lie in a tar: an index of it that Linux mounts (6.12), so that nothing need be unpacked. Written
 * in TypeScript, with nothing native, on any OS.
 */
export type { DeviceNode, DirectoryNode, FifoNode, FileNode, NodeMetadata, RegularNode, SymlinkNode } from './node.js'
export { isNotHeld, notHeld } from './not-held.js'
export { BLOCK } from './ondisk/superblock.js'
export { canHold, type Xattrs } from './ondisk/xattr.js'
export { writeImage } from './write-image.js'
