import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { O_PATH, quote, RtError } from '@rt/sys'
import { openPathInRoot, type RootLookup } from './path-in-root.js'

/**
 * A whole small file beneath a root whose owner may be hostile: a fifo, a device or a symlink out of the root instead
 * of the file (CVE-2024-9676, CVE-2024-9341). A look at the host.
 *
 * @param root fd of the root directory, or what looks into it
 * @param longest bytes; more are refused, not cut
 * @returns undefined if there is no such file
 * @throws RtError RT_WRONG_TYPE if it is no regular file, RT_LIMIT if it is longer; SyscallError
 */
export function readFileInRoot(root: number | RootLookup, path: string, longest: number): Buffer | undefined {
  const place = typeof root === 'number' ? openPathInRoot(root, path) : root.open(`/${path}`, O_PATH)
  if (place === undefined) return undefined
  try {
    const stats = fstatSync(place)
    if (!stats.isFile()) {
      throw new RtError('RT_WRONG_TYPE', `cannot read ${quote(path)}: expected regular file, got ${kindOf(stats)}`, {
        hint: 'the root filesystem is broken, or hostile',
      })
    }
    const bytes = readStart(place, longest + 1)
    if (bytes.length <= longest) return bytes
    throw new RtError('RT_LIMIT', `cannot read ${quote(path)}: it is longer than ${longest} bytes`)
  } finally {
    closeSync(place)
  }
}

/** The first bytes of the regular file that an O_PATH fd stands for: that very inode, whatever its name means by now. */
export function readStart(place: number, longest: number): Buffer {
  const file = openSync(`/proc/self/fd/${place}`, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  try {
    const chunks: Buffer[] = []
    for (let rest = longest; rest > 0; ) {
      const chunk = Buffer.allocUnsafe(Math.min(rest, 0x10000))
      const count = readSync(file, chunk, 0, chunk.length, null)
      if (count === 0) break
      chunks.push(chunk.subarray(0, count))
      rest -= count
    }
    return Buffer.concat(chunks)
  } finally {
    closeSync(file)
  }
}

/** What an inode is, in a word. */
export function kindOf(stats: Stats): string {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'directory'
  if (stats.isFIFO()) return 'fifo'
  if (stats.isSocket()) return 'socket'
  if (stats.isCharacterDevice()) return 'character device'
  return stats.isBlockDevice() ? 'block device' : 'symlink'
}
