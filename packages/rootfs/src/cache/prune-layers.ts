import { join } from 'node:path'
import { close } from '@rt/sys'
import { attempt, namesIn, nul, statusOf } from '../extract/calls.js'
import { ExtractThread } from '../extract/thread.js'
import { discard } from '../staging/staging.js'
import { removeLeftovers } from '../unpack/remove-leftovers.js'
import { CacheDirectory } from './cache-directory.js'
import { Lock } from './lock.js'

/** Where layers are, as folders and as tars: by algorithm. */
const PLACES = ['layers', 'erofs'].flatMap((form) => ['sha256', 'sha512'].map((algorithm) => ({ form, algorithm })))

/**
 * Takes away the names of unpacked layers that are not needed any more. Their trees are removed by {@link removeDiscarded},
 * which takes longer: the caller may hold a lock that says what is needed, and shouldn't hold it that long.
 *
 * @param rootDir absolute
 * @param isNeeded gets a layer's name: its ChainID, or the digest of a tar file
 * @returns the names of those that are gone
 * @throws RtError for a cache that others could change
 */
export function discardLayers(rootDir: string, isNeeded: (id: string) => boolean): string[] {
  const cache = new CacheDirectory(rootDir)
  const gone: string[] = []
  if (!PLACES.some(({ form }) => cache.within([form], () => true))) return gone
  close(cache.make('locks'))
  for (const { form, algorithm } of PLACES) {
    const names = cache.within([form, algorithm], (fd) => namesIn(fd)) ?? []
    for (const hex of names) {
      if (!/^[0-9a-f]+$/.test(hex) || isNeeded(`${algorithm}:${hex}`)) continue
      // Somebody who unpacks it, or an older rt that holds no leases.
      const lock = Lock.try(join(rootDir, 'locks', hex))
      if (!lock) continue
      try {
        if (discard(join(rootDir, form, algorithm, hex))) gone.push(`${algorithm}:${hex}`)
      } finally {
        lock.release()
      }
    }
  }
  if (gone.length > 0) removeShortNames(cache)
  return gone
}

/** Short names that lead nowhere. */
function removeShortNames(cache: CacheDirectory): void {
  cache.within(['l'], (fd) => {
    for (const name of namesIn(fd)) {
      const bytes = nul(name)
      // Behind the link: looked up as a directory.
      if (typeof statusOf(fd, nul(`${name}/.`)) === 'number') attempt('unlinkat', fd, bytes, 0)
    }
  })
}

/**
 * Removes the trees that {@link discardLayers} has taken the names from, and those that crashed runs left.
 *
 * @param rootDir absolute
 */
export async function removeDiscarded(rootDir: string): Promise<void> {
  const cache = new CacheDirectory(rootDir)
  const there = PLACES.filter(({ form, algorithm }) => cache.within([form, algorithm], () => true))
  let thread: ExtractThread | undefined
  const worker = () => {
    thread ??= new ExtractThread()
    return thread
  }
  try {
    for (const { form, algorithm } of there) await removeLeftovers(worker, join(rootDir, form, algorithm))
  } finally {
    await thread?.close()
  }
}
