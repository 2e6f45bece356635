import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { RtError } from '@rt/sys'
import { CompressedFile } from '../compression/compressed-file.js'
import { decompress } from '../compression/decompress.js'
import { detectCompression } from '../compression/magic.js'
import { type Digest, DigestVerifier } from '../digest/digest.js'
import type { ByteRing } from '../extract/byte-ring.js'
import { checkLimit, type Limits, RATIO_FREE_BYTES } from '../extract/limits.js'

/** A tar file to unpack: a source by itself, or a blob of an image. */
export interface Archive {
  readonly path: string
  /** Bytes the file must have, and what they must be. */
  readonly size?: number | undefined
  readonly digest?: Digest | undefined
  /** What the uncompressed bytes must be: a layer's DiffID. */
  readonly diffId?: Digest | undefined
  /** It is still being written: what has come of it is read meanwhile. */
  readonly coming?: ComingBlob | undefined
}

/** A blob that is being downloaded. */
export interface ComingBlob {
  /** Opens the file that it is written to: the reader closes it. @throws what the download failed with */
  open(): Promise<FileHandle>
  /** Waits until there is something behind an offset, or all has come. @throws what the download failed with */
  reached(offset: number): Promise<void>
}

/**
 * Opens a file that must be a regular one; a fifo or device would make the open wait, or do something.
 *
 * @throws RtError RT_NOT_FOUND, RT_WRONG_TYPE, RT_PERMISSION
 */
export async function openRegular(path: string): Promise<{ handle: FileHandle; size: number }> {
  const quoted = JSON.stringify(path)
  let handle: FileHandle
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const kind = code === 'ENOENT' ? 'RT_NOT_FOUND' : code === 'EACCES' ? 'RT_PERMISSION' : 'RT_WRONG_TYPE'
    throw new RtError(kind, `cannot open ${quoted}: ${code}`, { cause })
  }
  const status = await handle.stat()
  if (status.isFile()) return { handle, size: status.size }
  await handle.close()
  throw new RtError('RT_WRONG_TYPE', `cannot read ${quoted}: expected a file, got something else`)
}

export interface FeedOptions {
  readonly limits: Limits
  readonly signal?: AbortSignal | undefined
  /** Told how many bytes of the file were taken. */
  readonly onBytes?: ((count: number) => void) | undefined
}

async function openComing({ size }: Archive, coming: ComingBlob): Promise<{ handle: FileHandle; size: number }> {
  if (size === undefined)
    throw new RtError('RT_INVALID_OPTION', 'of a blob that is still coming the size must be known')
  return { handle: await coming.open(), size }
}

/**
 * The content of an archive, whose size and digests are checked on the way: the last of them when all has been given.
 *
 * @returns pieces that are only valid until the next is asked for
 * @throws RtError RT_ARCHIVE, RT_LIMIT (ratio); the signal's reason, and what `onBytes` throws
 */
export async function* contentOf(archive: Archive, options: FeedOptions): AsyncGenerator<Uint8Array> {
  const { limits, signal, onBytes } = options
  const { coming } = archive
  const { handle, size } = coming ? await openComing(archive, coming) : await openRegular(archive.path)
  const quoted = JSON.stringify(archive.path)
  try {
    if (archive.size !== undefined && archive.size !== size) {
      throw new RtError('RT_ARCHIVE', `${quoted} is damaged: expected ${archive.size} bytes, found ${size}`)
    }
    // What is coming is compared as it comes, by who writes it; its content is compared here.
    const isCompared = coming !== undefined && archive.diffId !== undefined
    const blob = archive.digest && !isCompared ? new DigestVerifier(archive.digest, quoted) : undefined
    const content = archive.diffId && new DigestVerifier(archive.diffId, `the content of ${quoted}`)
    let taken = 0
    const onTaken = (bytes: Uint8Array) => {
      taken += bytes.length
      blob?.update(bytes)
      onBytes?.(bytes.length)
    }
    const file = new CompressedFile(handle, size, archive.path, signal, onTaken, coming)
    await coming?.reached(Math.min(511, size - 1))
    const head = Buffer.alloc(512)
    const { bytesRead } = await handle.read(head, 0, head.length, 0)
    let unpacked = 0
    // Some builders write nothing at all for a layer without files (moby#18170). The digest proves that it is meant.
    const emptyLayer = size === 0 && archive.digest !== undefined
    const compression = emptyLayer ? 'none' : detectCompression(head.subarray(0, bytesRead), archive.path)
    for await (const piece of decompress(file, compression)) {
      unpacked += piece.length
      if (unpacked > RATIO_FREE_BYTES) checkLimit(limits, 'ratio', unpacked / taken, `${quoted} is compressed too well`)
      content?.update(piece)
      yield piece
    }
    blob?.verify()
    content?.verify()
  } finally {
    await handle.close()
  }
}

/**
 * Gives an archive's content to a ring.
 *
 * @returns false if the reader closed the ring
 * @throws as {@link contentOf}
 */
export async function feed(archive: Archive, ring: ByteRing, options: FeedOptions): Promise<boolean> {
  for await (const piece of contentOf(archive, options)) if (!(await ring.write(piece))) return false
  return await ring.end()
}
