import { RtError } from '@rt/sys'
import { ByteRing } from '../extract/byte-ring.js'
import type { Extracted } from '../extract/extractor.js'
import type { ExtractJob } from '../extract/job.js'
import type { ExtractThread } from '../extract/thread.js'
import { type Archive, type FeedOptions, feed } from './archive.js'

/**
 * Unpacks archives, on top of each other, into a directory: this thread (and Node's pool) decompresses, the unpacking
 * thread makes the files.
 *
 * @throws whatever stops either
 */
export async function extractArchives(
  thread: ExtractThread,
  archives: readonly Archive[],
  job: Pick<ExtractJob, 'root' | 'overlay' | 'keepOwners' | 'endMark'>,
  options: FeedOptions,
): Promise<Extracted> {
  const ring = new ByteRing()
  const { memory } = ring
  const { limits } = options
  const extracting = thread
    .run({ type: 'extract', memory, archives: archives.length, limits, ...job })
    .finally(() => ring.close()) // also if the thread died: nobody reads any more
  const feeding = feedAll(archives, ring, options)
  const [extracted, fed] = await Promise.allSettled([extracting, feeding])
  // Either closes the ring when it fails, and the other then ends without an error of its own.
  if (fed.status === 'rejected') throw fed.reason
  if (extracted.status === 'rejected') throw extracted.reason
  if (extracted.value === undefined)
    throw new RtError('RT_BROKEN_PROCESS', 'the unpacking thread stopped in the middle')
  return extracted.value
}

async function feedAll(archives: readonly Archive[], ring: ByteRing, options: FeedOptions): Promise<void> {
  try {
    for (const archive of archives) if (!(await feed(archive, ring, options))) return
  } catch (error) {
    ring.close()
    throw error
  }
}
