import { type FileHandle, open } from 'node:fs/promises'

/** Bytes that are gathered before they are written: a call per chunk of the network costs more than the bytes do. */
const BATCH = 1 << 20

/** Writes a stream's chunks to a file, one batch while the next is gathered. */
export class BatchedWriter {
  #chunks: Uint8Array[] = []
  #gathered = 0
  #writing: Promise<void> = Promise.resolve()

  private constructor(
    readonly handle: FileHandle,
    private at: number,
    readonly onWritten: (there: number) => void,
  ) {}

  /**
   * @param fd that stays the caller's
   * @param at where the first byte goes
   * @param onWritten told where what is written ends
   */
  static async on(fd: number, at: number, onWritten: (there: number) => void): Promise<BatchedWriter> {
    onWritten(at)
    return new BatchedWriter(await open(`/proc/self/fd/${fd}`, 'r+'), at, onWritten)
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(chunk)
    this.#gathered += chunk.length
    if (this.#gathered >= BATCH) await this.#flush()
  }

  /** @throws what writing has thrown: ENOSPC, EDQUOT, EIO */
  async #flush(): Promise<void> {
    await this.#writing
    const chunks = this.#chunks
    const position = this.at
    this.at += this.#gathered
    this.#chunks = []
    this.#gathered = 0
    const end = this.at
    this.#writing = writeAll(this.handle, chunks, position).then(() => this.onWritten(end))
    // Whoever awaits it next gets its error; until then it is nobody's.
    this.#writing.catch(() => {})
  }

  /** Writes what is left, and brings the file's data to the disk. */
  async finish(): Promise<void> {
    await this.#flush()
    await this.#writing
    await this.handle.datasync()
  }

  /** Ends it, whatever became of it. What was gathered and isn't written is lost. */
  async close(): Promise<void> {
    await this.#writing.catch(() => {}) // told by write or finish already, or of no interest any more
    await this.handle.close()
  }
}

async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[], position: number): Promise<void> {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  let { bytesWritten: done } = await handle.writev(chunks as Uint8Array[], position)
  if (done === length) return
  // A disk that is getting full takes a part; the next call tells why.
  const bytes = Buffer.concat(chunks as Uint8Array[])
  while (done < length) done += (await handle.write(bytes, done, length - done, position + done)).bytesWritten
}
