import { readSync } from 'node:fs'
import { O_PATH, RtError, S_IFBLK, S_IFCHR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, syscall } from '@rt/sys'
import type { MergedView } from '../layers/merged-view.js'
import { type ByteString, quoteByteString } from '../tar/byte-string.js'
import type { TarEntry } from '../tar/entry.js'
import { requireStatus, type Status } from './calls.js'
import type { Metadata, MetadataWriter } from './metadata.js'
import { writeAll } from './write.js'
import { ownXattrs } from './xattrs.js'

const PIECE = 256 * 1024

const TYPES: Readonly<Record<number, TarEntry['type']>> = {
  [S_IFREG]: 'file',
  [S_IFLNK]: 'symlink',
  [S_IFCHR]: 'character',
  [S_IFBLK]: 'block',
  [S_IFIFO]: 'fifo',
}

/**
 * What the layers below have under a path that a hard link names, as an entry of an archive, without its content.
 *
 * @param link the hard link's entry
 * @returns undefined if there is nothing
 * @throws RtError RT_WRONG_TYPE if it is a directory or socket
 */
export function lowerEntry(view: MergedView, link: TarEntry): TarEntry | undefined {
  const { status } = view.find(link.linkPath)
  if (!status) return undefined
  const type = TYPES[status.mode & S_IFMT]
  const quoted = quoteByteString(link.linkPath)
  if (!type) throw new RtError('RT_WRONG_TYPE', `the hard link’s target ${quoted}, in a lower layer, is no file`)
  const { rdevMajor, rdevMinor } = status
  const linkPath = type === 'symlink' ? view.readLink(link.linkPath) : ''
  return { ...link, ...lowerMetadata(view, link.linkPath)!, type, linkPath, major: rdevMajor, minor: rdevMinor }
}

/**
 * Copies content and metadata of a file of a lower layer.
 *
 * @param made the mode that the target was made with
 * @throws SyscallError
 */
export function copyUp(source: number, target: number, made: number, path: ByteString, writer: MetadataWriter): void {
  const buffer = Buffer.allocUnsafe(PIECE)
  for (let length = 1; length > 0; ) {
    length = readSync(source, buffer, 0, PIECE, null)
    writeAll(target, buffer.subarray(0, length), undefined)
  }
  writer.apply(target, metadataOf(source), made, path)
}

/** All that is restored of a file of a lower layer. @param fd of it; O_PATH will do */
export function metadataOf(fd: number): Status & Metadata {
  const status = requireStatus(fd)
  return { ...status, mode: status.mode & 0o7777, xattrs: ownXattrs(fd) }
}

/**
 * What overlay copies up of a file or directory of the layers below, besides its content.
 *
 * @returns undefined if there is no such path
 */
export function lowerMetadata(view: MergedView, path: ByteString): ReturnType<typeof metadataOf> | undefined {
  const fd = view.open(path, O_PATH, false)
  if (fd === undefined) return undefined
  try {
    return metadataOf(fd)
  } finally {
    syscall('close', fd)
  }
}
