import type { ByteString } from './byte-string.js'

export type TarEntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo'

/** A point in time, to the nanosecond. Before 1970 `seconds` is negative; `nanoseconds` never is. */
export interface Timestamp {
  readonly seconds: number
  readonly nanoseconds: number
}

/** A run of bytes that the archive holds; what lies between the runs of a sparse file is zeros. */
export interface SparseExtent {
  readonly offset: number
  readonly length: number
}

/** One member of an archive, its extended headers applied. */
export interface TarEntry {
  /** Counted from 1, members only: an extended header is part of the member it belongs to. */
  readonly index: number
  /** Bytes from the start of the (uncompressed) archive to the member's first header. */
  readonly offset: number
  /** Bytes from the start of the (uncompressed) archive to the member's content. Not said of a sparse file. */
  readonly dataOffset: number
  readonly type: TarEntryType
  /** As written: it may be absolute, and hold `.`, `..` and trailing slashes. Never empty, never with a NUL. */
  readonly path: ByteString
  /** Target of a symlink, or name of the earlier member that a hard link is another name of; else ''. */
  readonly linkPath: ByteString
  /** Permission, set-id and sticky bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes of a file's content, holes included; 0 for all other types. */
  readonly size: number
  readonly mtime: Timestamp
  /** Only if an extended header has it. */
  readonly atime: Timestamp | undefined
  /** Device number, 0 for all that is no device. */
  readonly major: number
  readonly minor: number
  /** Extended attributes: name → value. */
  readonly xattrs: ReadonlyMap<ByteString, Uint8Array> | undefined
  /** The data of a sparse file, in ascending order; undefined if it is not sparse. */
  readonly sparse: readonly SparseExtent[] | undefined
  /** Keywords of extended headers that carry something this codec doesn't restore, such as `SCHILY.acl.access`. */
  readonly notRestored: readonly string[]
}

/** What a {@link TarReader} calls, in this order for each member: entry, data (any number of times), end. */
export interface TarHandler {
  entry(entry: TarEntry): void
  /**
   * Content of a file.
   *
   * @param bytes are only valid during the call
   * @param position where in the file they belong; always the end of what came before unless the file is sparse
   */
  data(bytes: Uint8Array, position: number): void
  /** The member's content is complete. */
  end(): void
}
