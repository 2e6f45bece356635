import { BLOCK } from './superblock.js'

/** Bytes of `struct erofs_inode_chunk_index`. */
export const CHUNK_INDEX_SIZE = 8
/** Chunks are found by indexes, which name a device. */
const INDEXES = 0x20
/** What the format has bits for. */
const MOST_BITS = 31
/** Blocks of a device that an index can name. */
export const MOST_BLOCKS = 2 ** 32 - 1

/**
 * How a file's chunks are laid out (`struct erofs_inode_chunk_info`): as large as the file, so that one index is enough, for
 * it lies in one piece.
 */
export function chunkFormat(size: number): number {
  let bits = 0
  while (BLOCK * 2 ** bits < size && bits < MOST_BITS) bits++
  return bits | INDEXES
}

/** @param block where the file begins in the other device, the first one */
export function writeChunkIndex(image: Buffer, at: number, block: number): void {
  image.writeUInt16LE(1, at + 2)
  image.writeUInt32LE(block, at + 4)
}
