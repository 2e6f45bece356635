import type { FileHandle } from 'node:fs/promises'
import { RtError } from '@rt/sys'

/** Bytes per read: large enough that a read costs nothing beside inflating it. */
const READ_SIZE = 256 * 1024

/**
 * A file that is read from start to end, by decoders which may start again in the middle; `onBytes` gets every byte
 * once and in order all the same, for the digest and the progress.
 */
export class CompressedFile {
  #seen = 0

  constructor(
    readonly handle: FileHandle,
    /** Bytes, as it was when it was opened. */
    readonly size: number,
    /** For messages. */
    readonly path: string,
    readonly signal: AbortSignal | undefined,
    readonly onBytes: (bytes: Uint8Array) => void,
    /** It is still being written: waits until there is something behind an offset. */
    readonly coming?: { reached(offset: number): Promise<void> },
  ) {}

  /**
   * The file's bytes from `offset` on. A chunk is only valid until the next is asked for: two buffers serve all, the one
   * being read into while the other is used.
   */
  async *chunks(offset = 0): AsyncGenerator<Buffer> {
    const buffers = [Buffer.allocUnsafeSlow(READ_SIZE), Buffer.allocUnsafeSlow(READ_SIZE)]
    const read = async (at: number, turn: number) => {
      if (at < this.size) await this.coming?.reached(at)
      return this.handle.read(buffers[turn % 2]!, 0, READ_SIZE, at)
    }
    let ahead = read(offset, 0)
    try {
      for (let turn = 0; offset < this.size; turn++) {
        const { bytesRead } = await ahead
        const chunk = this.#see(buffers[turn % 2]!.subarray(0, Math.min(bytesRead, this.size - offset)), offset)
        offset += chunk.length
        ahead = read(offset, turn + 1)
        yield chunk
      }
    } finally {
      // The file must not be closed under it; what it fails with has been thrown, or is of no interest any more.
      await ahead.catch(() => {})
    }
  }

  /**
   * What has been taken of it.
   *
   * @throws RtError RT_ARCHIVE if the file ends before its size; the signal's reason
   */
  #see(bytes: Buffer, offset: number): Buffer {
    this.signal?.throwIfAborted()
    if (bytes.length === 0) {
      throw new RtError('RT_ARCHIVE', `${JSON.stringify(this.path)} became shorter while it was read`)
    }
    const fresh = bytes.subarray(Math.max(0, this.#seen - offset))
    if (fresh.length > 0) {
      this.#seen += fresh.length
      this.onBytes(fresh)
    }
    return bytes
  }

  /** Reads what no decoder asked for, so that the digest covers the file. @throws RtError RT_ARCHIVE unless it is zeros */
  async skipZeros(offset: number): Promise<void> {
    for await (const chunk of this.chunks(offset)) {
      const at = chunk.findIndex((byte) => byte !== 0)
      if (at >= 0) {
        throw new RtError(
          'RT_ARCHIVE',
          `${JSON.stringify(this.path)} is damaged: there is something after its compressed content, at byte ${offset + at}`,
        )
      }
      offset += chunk.length
    }
  }
}
