import { closeSync, fstatSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { discardLayers, removeDiscarded } from '@rt/rootfs'
import { RtError } from '@rt/sys'
import { allBlobs, namesIn } from '../blobs/blob-files.js'
import { tryLockedFile } from '../blobs/locked-file.js'
import { reachableFrom } from '../images/reachable.js'
import { readNames } from '../names/names.js'
import { withLock } from '../store/file-lock.js'
import { type ImageStore, placesOf } from '../store/open-store.js'
import type { Places } from '../store/places.js'
import { readLeases } from './lease.js'

/** What a sweep has taken away. */
export interface Swept {
  readonly blobs: readonly string[]
  /** ChainIDs of unpacked layers. */
  readonly layers: readonly string[]
  /** Downloads that nobody goes on with. */
  readonly partial: number
  /** Bytes that are free again, those of the blobs and downloads; what unpacked layers took is not counted. */
  readonly bytes: number
}

/**
 * Removes what no name and no lease leads to: blobs, downloads that were broken off, unpacked layers.
 *
 * While it looks and removes, nobody takes a lease: what is not held then can't be needed, since whoever needs something
 * holds it before looking whether it is there.
 *
 * @throws RtError RT_ARCHIVE where a document can't be read, and so it isn't known what is needed: then nothing is removed
 */
export async function sweep(store: ImageStore): Promise<Swept> {
  const places = placesOf(store)
  const swept = withLock(places.sweepLock, 'exclusive', () => {
    const held = readLeases(places)
    const { entries } = readNames(places)
    const needed = reachableFrom(places, [...entries.map(({ digest }) => digest), ...held.blobs])
    const [unreadable] = needed.unreadable
    if (unreadable !== undefined) {
      throw new RtError('RT_ARCHIVE', `nothing is removed: ${unreadable} is damaged, and what it needs is not known`, {
        hint: 'rt image check --repair',
      })
    }
    const blobs = [...allBlobs(places)].filter(({ digest }) => !needed.blobs.has(digest))
    for (const { path } of blobs) rmSync(path)
    const partial = removePartial(places)
    const layers = discardLayers(places.rootDir, (id) => needed.layers.has(id) || held.layers.has(id))
    return {
      blobs: blobs.map(({ digest }) => digest),
      bytes: blobs.reduce((sum, { size }) => sum + size, partial.bytes),
      partial: partial.count,
      layers,
    }
  })
  await removeDiscarded(places.rootDir)
  return swept
}

/** A download that runs has its file locked. */
function removePartial({ ingest }: Places): { count: number; bytes: number } {
  let count = 0
  let bytes = 0
  for (const name of namesIn(ingest)) {
    if (name.endsWith('.d')) continue
    const path = join(ingest, name)
    const fd = tryLockedFile(path)
    if (fd === undefined) continue
    bytes += fstatSync(fd).size
    count++
    // What a load that was broken off has unpacked lies beside the file that it had locked: see transfer/spool.ts.
    rmSync(`${path}.d`, { recursive: true, force: true })
    rmSync(path, { force: true })
    closeSync(fd)
  }
  return { count, bytes }
}
