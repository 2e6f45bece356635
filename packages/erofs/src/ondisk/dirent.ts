import { BLOCK } from './superblock.js'

/** Bytes of `struct erofs_dirent`. */
const DIRENT_SIZE = 12

/** `EROFS_FT_…`, by S_IFMT. */
const TYPES: ReadonlyMap<number, number> = new Map([
  [0o100000, 1],
  [0o040000, 2],
  [0o020000, 3],
  [0o060000, 4],
  [0o010000, 5],
  [0o140000, 6],
  [0o120000, 7],
])
const S_IFMT = 0o170000

/** Names that share a block of a directory, and the bytes that they take there. */
export interface DirectoryBlock {
  readonly names: readonly string[]
  readonly used: number
}

/** Which names go into which block: in the order of their bytes, since the kernel searches by halves. */
export function directoryBlocks(names: readonly string[]): DirectoryBlock[] {
  const blocks: DirectoryBlock[] = []
  let current: string[] = []
  let used = 0
  for (const name of names) {
    const needed = DIRENT_SIZE + name.length
    if (used + needed > BLOCK) {
      blocks.push({ names: current, used })
      current = []
      used = 0
    }
    current.push(name)
    used += needed
  }
  return [...blocks, { names: current, used }]
}

export interface DirentTarget {
  readonly nid: number
  readonly mode: number
}

/** Writes a block: the entries, and behind them their names. */
export function writeDirectoryBlock(
  image: Buffer,
  at: number,
  { names }: DirectoryBlock,
  target: (name: string) => DirentTarget,
): void {
  let nameAt = names.length * DIRENT_SIZE
  for (const [index, name] of names.entries()) {
    const { nid, mode } = target(name)
    const entry = at + index * DIRENT_SIZE
    image.writeBigUInt64LE(BigInt(nid), entry)
    image.writeUInt16LE(nameAt, entry + 8)
    image.writeUInt8(TYPES.get(mode & S_IFMT) ?? 0, entry + 10)
    image.write(name, at + nameAt, 'latin1')
    nameAt += name.length
  }
}
