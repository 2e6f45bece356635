import { readSync } from 'node:fs'
import { fgetxattr, flistxattr, O_NONBLOCK, O_RDONLY, RtError, S_IFMT, S_IFREG } from '@rt/sys'
import type { MergedView } from '../layers/merged-view.js'
import { type ByteString, encodeByteString, quoteByteString } from '../tar/byte-string.js'
import { requireStatus } from './calls.js'
import type { MetadataWriter } from './metadata.js'
import { writeAll } from './write.js'

const PIECE = 256 * 1024

/**
 * Opens a file of the layers below, for a hard link that names it.
 *
 * @returns an fd, or undefined if there is no such file
 * @throws RtError RT_WRONG_TYPE if it is no regular file
 */
export function openLower(view: MergedView, path: ByteString): number | undefined {
  const { status } = view.find(path)
  if (!status) return undefined
  if ((status.mode & S_IFMT) !== S_IFREG) {
    throw new RtError('RT_WRONG_TYPE', `the hard link’s target ${quoteByteString(path)}, in a lower layer, is no file`)
  }
  return view.open(path, O_RDONLY | O_NONBLOCK, false)
}

/**
 * Copies content and metadata of a file of a lower layer: a hard link can't reach across layers (overlay copies too when
 * a container makes one).
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
  const status = requireStatus(source)
  const xattrs = new Map(flistxattr(source).map((name) => [encodeByteString(name), fgetxattr(source, name)] as const))
  writer.apply(target, { ...status, mode: status.mode & 0o7777, xattrs }, made, path)
}
