/** Bytes of `struct erofs_inode_extended`. */
export const INODE_SIZE = 64
/** What nids count in. */
export const SLOT = 32

/** Where an inode's content is (`EROFS_INODE_…`). */
export const DATA_LAYOUT = { plain: 0, inline: 2, chunks: 4 } as const

export interface InodeFields {
  readonly layout: keyof typeof DATA_LAYOUT
  /** S_IFMT and permissions. */
  readonly mode: number
  readonly size: number
  /** `i_u`: the block where plain content begins, a device's number, or how chunks are laid out. */
  readonly place: number
  /** What stat(2) shows; any that is no other's. */
  readonly number: number
  readonly uid: number
  readonly gid: number
  readonly mtime: { readonly seconds: number; readonly nanoseconds: number }
  readonly links: number
  /** See xattrCount. */
  readonly xattrs: number
}

const EXTENDED = 1

/** Writes `struct erofs_inode_extended` (fs/erofs/erofs_fs.h). */
export function writeInode(image: Buffer, at: number, inode: InodeFields): void {
  image.writeUInt16LE(EXTENDED | (DATA_LAYOUT[inode.layout] << 1), at)
  image.writeUInt16LE(inode.xattrs, at + 2)
  image.writeUInt16LE(inode.mode, at + 4)
  image.writeBigUInt64LE(BigInt(inode.size), at + 8)
  image.writeUInt32LE(inode.place >>> 0, at + 16)
  image.writeUInt32LE(inode.number, at + 20)
  image.writeUInt32LE(inode.uid, at + 24)
  image.writeUInt32LE(inode.gid, at + 28)
  image.writeBigInt64LE(BigInt(inode.mtime.seconds), at + 32)
  image.writeUInt32LE(inode.mtime.nanoseconds, at + 40)
  image.writeUInt32LE(inode.links, at + 44)
}

/** A device's number as the kernel keeps it on disks (new_encode_dev): 12 bits of major, 20 of minor. */
export const encodeDevice = (major: number, minor: number): number =>
  ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xff) << 12)) >>> 0
