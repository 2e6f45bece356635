import { AT_FDCWD, close, O_DIRECTORY, O_RDONLY, openat } from '@rt/sys'
import type { ExtractThread } from '../extract/thread.js'
import { leftovers } from '../staging/staging.js'

/**
 * Removes what crashed runs left.
 *
 * @param thread gives one, if there is anything
 * @param directory where
 * @param target only what would have got this path; default: all
 */
export async function removeLeftovers(thread: () => ExtractThread, directory: string, target?: string): Promise<void> {
  const parent = openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY)
  try {
    const found = leftovers(parent, target)
    try {
      if (found.length > 0) await thread().run({ type: 'remove', parent, names: found.map(({ name }) => name) })
    } finally {
      for (const { lock } of found) close(lock)
    }
  } finally {
    close(parent)
  }
}
