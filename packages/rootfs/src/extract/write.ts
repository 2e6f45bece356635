import { writeSync } from 'node:fs'
import { SyscallError } from '@rt/sys'

/**
 * Writes all of the bytes.
 *
 * @param position in the file; undefined: where the last write ended
 * @throws SyscallError ENOSPC, EDQUOT, EFBIG, EIO
 */
export function writeAll(fd: number, bytes: Uint8Array, position: number | undefined): void {
  let done = 0
  try {
    while (done < bytes.length) {
      done += writeSync(fd, bytes, done, bytes.length - done, position === undefined ? null : position + done)
    }
  } catch (error) {
    const { errno, code } = error as NodeJS.ErrnoException
    throw new SyscallError({
      syscall: 'write',
      errno: errno ?? 0,
      call: `write(${fd}, …, ${bytes.length - done})`,
      hint: code === 'ENOSPC' ? 'the disk is full: free some space, or choose another directory' : undefined,
      cause: error,
    })
  }
}
