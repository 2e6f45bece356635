import { type ByteString, quoteByteString } from '../tar/byte-string.js'

/**
 * What could not be restored, in few lines however many entries it concerns: `12 entries: device nodes were left out …,
 * first "dev/console"`.
 */
export class Warnings {
  readonly #counts = new Map<string, { count: number; first: ByteString }>()

  add(message: string, path: ByteString): void {
    const known = this.#counts.get(message)
    if (known) known.count++
    else this.#counts.set(message, { count: 1, first: path })
  }

  list(): string[] {
    return [...this.#counts].map(([message, { count, first }]) =>
      count === 1
        ? `${quoteByteString(first)}: ${message}`
        : `${count} entries, first ${quoteByteString(first)}: ${message}`,
    )
  }
}
