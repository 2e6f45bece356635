import type { Xattrs } from './ondisk/xattr.js'

/** What every file has. */
export interface NodeMetadata {
  /** Permissions, set-id and sticky bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly mtime: { readonly seconds: number; readonly nanoseconds: number }
  /** Names and values; a name has one character (U+0000–U+00FF) per byte. */
  readonly xattrs?: Xattrs | undefined
}

/** A directory: names have one character per byte. A file under several names is one with several links. */
export interface DirectoryNode extends NodeMetadata {
  readonly type: 'directory'
  readonly children: ReadonlyMap<string, FileNode>
}

/** A regular file, whose content is in the other device. */
export interface RegularNode extends NodeMetadata {
  readonly type: 'file'
  /** Bytes. */
  readonly size: number
  /** Bytes from the device's start; a multiple of 512. */
  readonly offset: number
}

export interface SymlinkNode extends NodeMetadata {
  readonly type: 'symlink'
  /** One character per byte. */
  readonly target: string
}

export interface DeviceNode extends NodeMetadata {
  readonly type: 'character' | 'block'
  readonly major: number
  readonly minor: number
}

export interface FifoNode extends NodeMetadata {
  readonly type: 'fifo'
}

export type FileNode = DirectoryNode | RegularNode | SymlinkNode | DeviceNode | FifoNode

const S_IFMT: Readonly<Record<FileNode['type'], number>> = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  character: 0o020000,
  block: 0o060000,
  fifo: 0o010000,
}

/** What st_mode says. */
export const modeOf = (node: FileNode): number => S_IFMT[node.type] | (node.mode & 0o7777)
