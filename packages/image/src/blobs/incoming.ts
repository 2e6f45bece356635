import { type FileHandle, open } from 'node:fs/promises'

/**
 * A blob on its way into the store, for who reads what has come of it. It may also be there already, or be brought by
 * another process: then all of it comes at once.
 */
export class Incoming {
  /** Path of the file, once it is known. */
  #path: string | undefined
  /** Bytes that are there to be read. */
  #there = 0
  #isWhole = false
  #failure: { readonly error: unknown } | undefined
  #waiting: (() => void)[] = []

  /** It is written to this file. @param path that stays valid as long as the file is written */
  begin(path: string): void {
    this.#path = path
    this.#wake()
  }

  /** So many bytes are there. Fewer than before: what was there was damaged, and who has read it must fail. */
  progress(there: number): void {
    if (there < this.#there) this.fail(new Error('the download began again'))
    this.#there = there
    this.#wake()
  }

  /** All of it is in a file. */
  finish(path: string): void {
    this.#path ??= path
    this.#isWhole = true
    this.#wake()
  }

  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#wake()
  }

  async open(): Promise<FileHandle> {
    while (this.#path === undefined) await this.#next()
    return open(this.#path, 'r')
  }

  async reached(offset: number): Promise<void> {
    while (!this.#isWhole && this.#there <= offset) await this.#next()
  }

  async #next(): Promise<void> {
    this.#throwIfFailed()
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#throwIfFailed()
  }

  #throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}
