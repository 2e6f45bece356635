import { closeSync, createReadStream, fstatSync, ftruncateSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { RtError } from '@rt/sys'
import { syncDirectory } from '../store/durable-file.js'
import type { Places } from '../store/places.js'
import { BatchedWriter } from './batched-writer.js'
import { blobPath, sizeOfBlob } from './blob-files.js'
import { newHash, splitDigest } from './digest.js'
import type { Incoming } from './incoming.js'
import { lockedFile } from './locked-file.js'

/** A blob that is to be in the store. */
export interface BlobWanted {
  readonly digest: string
  /** Bytes. */
  readonly size: number
}

/** Where a blob's bytes come from. */
export interface BlobSource {
  /**
   * Its bytes.
   *
   * @param have the beginning, which an earlier attempt wrote: if it is given, the bytes behind it are wanted
   */
  open(have: AsyncIterable<Uint8Array> | undefined): AsyncIterable<Uint8Array>
  /** Whether the bytes are compared with digest and size as they come, those of `have` too: then it isn't done twice. */
  readonly verifies: boolean
}

export interface IngestOptions {
  readonly signal?: AbortSignal | undefined
  /** Told of bytes that are new, and first of those that were there. */
  readonly onBytes?: ((count: number) => void) | undefined
  /** Told what has come. */
  readonly incoming?: Incoming | undefined
  /** Another process, or another call, brings the same blob. */
  readonly onWait?: (() => void) | undefined
}

/**
 * Brings a blob into the store: into a file of its own, which is locked while somebody writes it, and gets the blob's name
 * when its bytes are verified and on the disk. Who finds it locked waits, and goes on from its bytes if its owner dies.
 *
 * The blob's digest must be held by a lease, or a sweep may take it away at once.
 *
 * @returns whether it was written; false: it was there
 * @throws RtError RT_ARCHIVE for other bytes than the digest says; what the source throws; the signal's reason
 */
export async function ingest(
  places: Places,
  blob: BlobWanted,
  source: BlobSource,
  options: IngestOptions = {},
): Promise<boolean> {
  try {
    const isNew = await bring(places, blob, source, options)
    options.incoming?.finish(blobPath(places, blob.digest))
    return isNew
  } catch (error) {
    options.incoming?.fail(error)
    throw error
  }
}

async function bring(places: Places, blob: BlobWanted, source: BlobSource, options: IngestOptions): Promise<boolean> {
  const { digest, size } = blob
  const { algorithm, hex } = splitDigest(digest)
  const path = join(places.ingest, `${algorithm}-${hex}`)
  const there = () => sizeOfBlob(places, digest) === size
  if (there()) return false
  const fd = await lockedFile(path, there, options.signal, options.onWait)
  if (fd === undefined) return false
  try {
    // By its descriptor: its name changes when it is whole.
    options.incoming?.begin(`/proc/self/fd/${fd}`)
    await fill(fd, blob, source, options)
    const name = blobPath(places, digest)
    mkdirSync(dirname(name), { recursive: true })
    renameSync(path, name)
    syncDirectory(dirname(name))
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // What no disk holds is of no use to a later attempt, and in its way.
    if (code === 'ENOSPC' || code === 'EDQUOT') throw full(path, blob, error)
    if (fstatSync(fd).size === 0) rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(fd)
  }
}

function full(path: string, { digest, size }: BlobWanted, cause: unknown): RtError {
  rmSync(path, { force: true })
  return new RtError('RT_SYSCALL', `no room for blob ${digest}, ${size} bytes: ${(cause as Error).message}`, {
    hint: 'rt image prune removes what nothing uses; --root-dir names another place',
    cause,
  })
}

async function fill(fd: number, blob: BlobWanted, source: BlobSource, options: IngestOptions): Promise<void> {
  let there = fstatSync(fd).size
  // Longer than the whole: not of this blob.
  if (there > blob.size) there = 0
  if (there > 0) {
    try {
      return await write(fd, blob, source, there, options)
    } catch (error) {
      if (!RtError.isInstance(error) || error.kind !== 'RT_ARCHIVE') throw error
      // The part that was there may be to blame: once more, without it.
      options.onBytes?.(-there)
    }
  }
  ftruncateSync(fd, 0)
  try {
    await write(fd, blob, source, 0, options)
  } catch (error) {
    if (RtError.isInstance(error) && error.kind === 'RT_ARCHIVE') ftruncateSync(fd, 0)
    throw error
  }
}

async function write(
  fd: number,
  { digest, size }: BlobWanted,
  source: BlobSource,
  from: number,
  { signal, onBytes, incoming }: IngestOptions,
): Promise<void> {
  const hash = source.verifies ? undefined : newHash(digest)
  const have = from === 0 ? undefined : createReadStream(`/proc/self/fd/${fd}`, { end: from - 1 })
  if (hash && have) for await (const chunk of have) hash.update(chunk as Buffer)
  onBytes?.(from)
  let at = from
  const writer = await BatchedWriter.on(fd, from, (there) => incoming?.progress(there))
  try {
    for await (const chunk of source.open(have)) {
      signal?.throwIfAborted()
      at += chunk.length
      if (at > size)
        throw new RtError('RT_ARCHIVE', `blob ${digest} is longer than the ${size} bytes it is said to have`)
      hash?.update(chunk)
      await writer.write(chunk)
      onBytes?.(chunk.length)
    }
    if (at < size) throw new RtError('RT_ARCHIVE', `blob ${digest} has ${at} bytes, and is said to have ${size}`)
    const found = hash && `${digest.slice(0, digest.indexOf(':'))}:${hash.digest('hex')}`
    if (found !== undefined && found !== digest) {
      throw new RtError('RT_ARCHIVE', `blob ${digest} is damaged: found ${found}`)
    }
    await writer.finish()
  } finally {
    await writer.close()
  }
}
