import { readFileSync } from 'node:fs'
import { close, O_NONBLOCK, O_RDONLY, S_IFMT, S_IFREG } from '@rt/sys'
import { nul, requireStatus, tryOpen } from '../extract/calls.js'
import { encodeByteString } from '../tar/byte-string.js'

/** Bytes; what is larger is none of ours. */
const LARGEST = 1 << 20

/**
 * The text of a small file of the cache, if it is as rt makes them: a regular file, the caller's, not for others to
 * write. A symlink is not followed, and nothing is waited for.
 *
 * @param directory fd
 * @returns undefined if it is not there, or is something else
 */
export function readPrivateFile(directory: number, name: string): string | undefined {
  const fd = tryOpen(directory, nul(encodeByteString(name)), O_RDONLY | O_NONBLOCK)
  if (fd < 0) return undefined
  try {
    const { mode, uid, size } = requireStatus(fd)
    const isOurs = (mode & S_IFMT) === S_IFREG && uid === process.geteuid!() && (mode & 0o022) === 0
    return isOurs && size <= LARGEST ? readFileSync(fd, 'utf8') : undefined
  } finally {
    close(fd)
  }
}
