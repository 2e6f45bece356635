import { crc32c } from './crc32c.js'

/** Bytes of a block: those of a tar, so that every file of one begins at a block (`blkszbits`, since Linux 6.3 below a page). */
export const BLOCK = 512
const BLOCK_BITS = 9

/** Where the superblock lies, and its bytes. */
const SUPER_OFFSET = 1024
const SUPER_SIZE = 128
/** The table of devices follows it: a slot of 128 bytes for the tar. */
const SLOT_OFFSET = SUPER_OFFSET + SUPER_SIZE
const SLOT_SIZE = 128
/** The first block of inodes: what a nid counts from. */
export const META_BLOCK = (SUPER_OFFSET + BLOCK) / BLOCK

const MAGIC = 0xe0f5e1e2
/** The superblock's block has a checksum; inodes have the time of their content's change. */
const COMPAT = 0x1 | 0x2
/** Files lie in chunks; there is another device. */
const INCOMPAT = 0x4 | 0x8

export interface Superblock {
  readonly rootNid: number
  readonly inodes: number
  /** Of the image itself. */
  readonly blocks: number
  /** Of the other device, the tar. */
  readonly deviceBlocks: number
}

/** Writes `struct erofs_super_block` and the device's slot (fs/erofs/erofs_fs.h). To be called last: it has the checksum. */
export function writeSuperblock(image: Buffer, { rootNid, inodes, blocks, deviceBlocks }: Superblock): void {
  const at = SUPER_OFFSET
  image.writeUInt32LE(MAGIC, at)
  image.writeUInt32LE(COMPAT, at + 8)
  image.writeUInt8(BLOCK_BITS, at + 12)
  image.writeUInt16LE(rootNid, at + 14)
  image.writeBigUInt64LE(BigInt(inodes), at + 16)
  image.writeUInt32LE(blocks, at + 36)
  image.writeUInt32LE(META_BLOCK, at + 40)
  image.writeUInt32LE(INCOMPAT, at + 80)
  image.writeUInt16LE(1, at + 86)
  image.writeUInt16LE(SLOT_OFFSET / SLOT_SIZE, at + 88)
  image.writeUInt32LE(deviceBlocks, SLOT_OFFSET + 64)
  // The checksum counts as zero in itself.
  image.writeUInt32LE(crc32c(image.subarray(at, at + BLOCK)), at + 4)
}
