import { syscall } from '@rt/sys'
import type { ByteString } from '../tar/byte-string.js'
import { TarReader } from '../tar/reader.js'
import { ByteRing } from './byte-ring.js'
import type { ErrorMessage } from './error-message.js'
import { type Extracted, Extractor } from './extractor.js'
import type { Limits } from './limits.js'
import type { OverlayNamespace } from './overlay-marks.js'
import { removeTree } from './remove.js'

/** Unpacks archives, which come through a ring, into a directory. The fds are the sender's, who keeps them open. */
export interface ExtractJob {
  readonly type: 'extract'
  readonly memory: SharedArrayBuffer
  /** How many archives come, one after the other. */
  readonly archives: number
  readonly root: number
  readonly overlay: { readonly namespace: OverlayNamespace; readonly lower: readonly number[] } | undefined
  readonly limits: Limits
  readonly keepOwners: boolean
  /** See {@link TarReaderOptions}. */
  readonly endMark: 'required' | 'optional'
}

/** Removes trees, in directories given as fds. */
export interface RemoveJob {
  readonly type: 'remove'
  readonly parent: number
  readonly names: readonly ByteString[]
}

/** Writes a filesystem's data to the disk, all of it (syncfs(2)). */
export interface SyncJob {
  readonly type: 'sync'
  /** Of any file in it. */
  readonly fd: number
}

export type Job = ExtractJob | RemoveJob | SyncJob

/** What a job answers; undefined: the sender closed the ring. */
export type JobResult = { readonly value: Extracted | undefined } | { readonly error: ErrorMessage }

/** Runs a job, on the calling thread. @throws whatever stops it */
export function runJob(job: Job): Extracted | undefined {
  if (job.type === 'extract') return extract(job)
  if (job.type === 'sync') syscall('syncfs', job.fd)
  else for (const name of job.names) removeTree(job.parent, name)
  return undefined
}

function extract(job: ExtractJob): Extracted | undefined {
  const ring = new ByteRing(job.memory)
  let extractor: Extractor | undefined
  try {
    extractor = new Extractor(job)
    for (let archive = 0; archive < job.archives; archive++) {
      const reader = new TarReader(extractor, { endMark: job.endMark })
      extractor.beginArchive()
      if (!ring.read((piece) => reader.write(piece))) return undefined // aborted
      reader.end()
    }
    return extractor.finish()
  } finally {
    ring.close()
    extractor?.close()
  }
}
