import { RtError } from '@rt/sys'

/** A place in one of the two segments; addresses are known only when both are complete. */
export interface Place {
  readonly segment: 'const' | 'data'
  readonly offset: number
}

/** A pointer to be written into a segment once addresses are known. */
export interface Fixup {
  readonly at: Place
  readonly target: Place
}

const round8 = (size: number): number => (size + 7) & ~7
const terminator = new Uint8Array(1)

/** The memory of a program while it is assembled: constants are shared, named memory is found again by its name. */
export class Memory {
  private readonly chunks: { offset: number; bytes: Uint8Array }[] = []
  private constSize = 0
  private dataSize = 0
  private readonly initial = new Map<number, Uint8Array>()
  private readonly interned = new Map<string, Place>()
  private readonly named = new Map<string, Place>()
  private readonly declared = new Map<string, number>()
  readonly fixups: Fixup[] = []

  /** Read-only bytes, on eight; the same key gives the same place. */
  constant(bytes: Uint8Array, key?: string): Place {
    const known = key === undefined ? undefined : this.interned.get(key)
    if (known) return known
    const place: Place = { segment: 'const', offset: this.constSize }
    this.chunks.push({ offset: place.offset, bytes })
    this.constSize += round8(bytes.length)
    if (key !== undefined) this.interned.set(key, place)
    return place
  }

  /** NUL-terminated. @throws RtError RT_INVALID_OPTION on a NUL inside: the kernel would read only half of it. */
  string(text: string | Uint8Array): Place {
    const key = typeof text === 'string' ? `s${text}` : `b${Buffer.from(text).toString('latin1')}`
    const known = this.interned.get(key)
    if (known) return known
    const bytes = typeof text === 'string' ? Buffer.from(text) : Buffer.from(text)
    if (bytes.includes(0)) {
      throw new RtError('RT_INVALID_OPTION', `a NUL byte in ${JSON.stringify(bytes.toString().slice(0, 200))}`, {
        hint: 'the kernel ends text at the first NUL, so it can be part of no path, argument or variable',
      })
    }
    return this.constant(Buffer.concat([bytes, terminator]), key)
  }

  /** How large the memory under this name has to be; the largest wish counts. Before the first {@link data}. */
  declare(name: string, size: number): void {
    const known = this.declared.get(name)
    if (known === undefined || known < size) this.declared.set(name, size)
  }

  /**
   * Writable memory under a name: found again if it is there.
   *
   * @param init its first contents. @throws RtError RT_PROGRAM if it has others already: one of two would be lost
   */
  data(name: string, size: number, init?: Uint8Array): Place {
    let place = this.named.get(name)
    if (!place) {
      place = { segment: 'data', offset: this.dataSize }
      this.dataSize += round8(Math.max(size, this.declared.get(name) ?? 0))
      this.named.set(name, place)
    }
    if (init) {
      const before = this.initial.get(place.offset)
      if (before && Buffer.compare(before, init) !== 0) {
        throw new RtError('RT_PROGRAM', `two structs with different fields are named ${JSON.stringify(name)}`)
      }
      this.initial.set(place.offset, init)
    }
    return place
  }

  find(name: string): Place | undefined {
    return this.named.get(name)
  }

  /** All named memory with its offset in the data segment. */
  *names(): Iterable<[name: string, offset: number]> {
    for (const [name, place] of this.named) yield [name, place.offset]
  }

  get constantSize(): number {
    return this.constSize
  }

  /** Bytes of data, at least one word: a segment of no bytes has no address. */
  get writableSize(): number {
    return Math.max(this.dataSize, 8)
  }

  /** Copy constants and initial data to where they will lie. */
  copyTo(constants: Buffer, data: Buffer): void {
    for (const { offset, bytes } of this.chunks) constants.set(bytes, offset)
    for (const [offset, bytes] of this.initial) data.set(bytes, offset)
  }
}
