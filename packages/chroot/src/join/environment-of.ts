import { closeSync, constants, openSync, readSync } from 'node:fs'
import { textFromBytes } from '@rt/sys'

/** Bytes of environ that are read. The kernel takes 6 MiB at most, a process can make it look longer. */
const LONGEST_ENVIRONMENT = 8 << 20

/**
 * The environment of a process as `NAME=value`, bytes that are not UTF-8 escaped (`textFromBytes`). The process itself
 * decides what is there (prctl(2), PR_SET_MM): what is no `NAME=value` is left out.
 *
 * @throws Node's error if it may not be read, or is gone
 */
export function environmentOf(pid: number): string[] {
  const file = openSync(`/proc/${pid}/environ`, constants.O_RDONLY)
  try {
    const chunks: Buffer[] = []
    for (let total = 0; total < LONGEST_ENVIRONMENT; ) {
      const chunk = Buffer.allocUnsafe(0x10000)
      const count = readSync(file, chunk, 0, chunk.length, null)
      if (count === 0) break
      chunks.push(chunk.subarray(0, count))
      total += count
    }
    return entries(Buffer.concat(chunks))
  } finally {
    closeSync(file)
  }
}

/** Entries end with a NUL. */
function entries(bytes: Buffer): string[] {
  const found: string[] = []
  for (let start = 0, end = bytes.indexOf(0); end >= 0; start = end + 1, end = bytes.indexOf(0, start)) {
    const entry = bytes.subarray(start, end)
    if (entry.indexOf('=') >= 1) found.push(textFromBytes(entry))
  }
  return found
}
