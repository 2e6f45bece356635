const SLOTS = 16
const SLOT_SIZE = 256 * 1024

// The shared memory: control words, a length for each slot, the slots.
const FILLED = 0
const EMPTIED = 1
const CLOSED = 2
const LENGTHS = 4
const CONTROL_BYTES = 4 * (LENGTHS + SLOTS)

/** A length that says: the archive is complete. */
const END = -1

/** Atomics.waitAsync is in V8 since Node 16, and in TypeScript's library only since ES2024. */
interface AsyncAtomics {
  waitAsync(words: Int32Array, index: number, value: number): { async: boolean; value: string | Promise<string> }
}
const { waitAsync } = Atomics as unknown as AsyncAtomics

/**
 * Bytes on their way from the thread that decompresses to the one that unpacks: 4 MiB of shared memory, so that neither
 * waits for the other at every piece. The writer waits without blocking its thread, the reader blocks.
 */
export class ByteRing {
  readonly #words: Int32Array
  readonly #bytes: Uint8Array

  constructor(readonly memory: SharedArrayBuffer = new SharedArrayBuffer(CONTROL_BYTES + SLOTS * SLOT_SIZE)) {
    this.#words = new Int32Array(memory, 0, LENGTHS + SLOTS)
    this.#bytes = new Uint8Array(memory, CONTROL_BYTES)
  }

  /** Writer: adds bytes, as soon as there is room. @returns false if the other side closed the ring */
  async write(bytes: Uint8Array): Promise<boolean> {
    for (let at = 0; at < bytes.length; at += SLOT_SIZE) {
      const part = bytes.subarray(at, at + SLOT_SIZE)
      if (!(await this.#room())) return false
      this.#bytes.set(part, this.#slot(FILLED) * SLOT_SIZE)
      this.#fill(part.length)
    }
    return true
  }

  /** Writer: the archive is complete. @returns false if the other side closed the ring */
  async end(): Promise<boolean> {
    const open = await this.#room()
    if (open) this.#fill(END)
    return open
  }

  /** Either side: nothing more will be written, or read. */
  close(): void {
    Atomics.store(this.#words, CLOSED, 1)
    Atomics.notify(this.#words, FILLED)
    Atomics.notify(this.#words, EMPTIED)
  }

  /**
   * Reader: gives the pieces of one archive to `use`, waiting for each.
   *
   * @returns false if the writer closed the ring before the archive's end
   */
  read(use: (piece: Uint8Array) => void): boolean {
    for (;;) {
      const emptied = Atomics.load(this.#words, EMPTIED)
      while (Atomics.load(this.#words, FILLED) === emptied) {
        if (Atomics.load(this.#words, CLOSED) !== 0) return false
        Atomics.wait(this.#words, FILLED, emptied)
      }
      if (Atomics.load(this.#words, CLOSED) !== 0) return false
      const slot = this.#slot(EMPTIED)
      const length = this.#words[LENGTHS + slot]!
      if (length !== END) use(this.#bytes.subarray(slot * SLOT_SIZE, slot * SLOT_SIZE + length))
      Atomics.add(this.#words, EMPTIED, 1)
      Atomics.notify(this.#words, EMPTIED)
      if (length === END) return true
    }
  }

  /** The counters only grow (and wrap at 2^32, a multiple of the slots). */
  #slot(counter: number): number {
    return (Atomics.load(this.#words, counter) >>> 0) % SLOTS
  }

  async #room(): Promise<boolean> {
    for (;;) {
      if (Atomics.load(this.#words, CLOSED) !== 0) return false
      const emptied = Atomics.load(this.#words, EMPTIED)
      if (Atomics.load(this.#words, FILLED) - emptied < SLOTS) return true
      const waiting = waitAsync(this.#words, EMPTIED, emptied)
      if (waiting.async) await waiting.value
    }
  }

  #fill(length: number): void {
    this.#words[LENGTHS + this.#slot(FILLED)] = length
    Atomics.add(this.#words, FILLED, 1)
    Atomics.notify(this.#words, FILLED)
  }
}
