import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

let made = 0

/** A name that no other process, and no other call of this one, makes. */
export const uniqueSuffix = (): string => `${process.pid}-${Date.now().toString(36)}-${made++}`

/** Brings a directory's names to the disk (fsync(2): a file's own sync does not). */
export function syncDirectory(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/**
 * Replaces a file as a whole: whoever reads it, after a power cut too, finds what it was or what it is to be.
 *
 * @throws errors of node:fs; then it is as it was
 */
export function writeDurably(path: string, content: string | Uint8Array, mode: number): void {
  const partial = `${path}.rt-${uniqueSuffix()}`
  try {
    const fd = openSync(partial, 'wx', mode)
    try {
      writeFileSync(fd, content)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(partial, path)
  } catch (error) {
    rmSync(partial, { force: true })
    throw error
  }
  syncDirectory(dirname(path))
}
