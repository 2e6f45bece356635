import { isUtf8, RtError, textBytes } from '@rt/sys'

/** A place in one of the two segments; addresses are known only when both are complete. */
export interface Place {
  readonly segment: 'const' | 'data' | 'log'
  /** In the segment; of named memory only once {@link Memory.layOut} has run. */
  readonly offset: number
  /** The named memory that this is a part of: `offset` then counts from its start. */
  readonly within?: Place
}

/** A pointer to be written into a segment once addresses are known. */
export interface Fixup {
  readonly at: Place
  readonly target: Place
}

interface Named extends Place {
  readonly name: string
  offset: number
  size: number
  init: Uint8Array | undefined
}

const round8 = (size: number): number => (size + 7) & ~7

/** Offset of a place in its segment. */
export const offsetOf = (place: Place): number => (place.within ? place.within.offset + place.offset : place.offset)

/** The memory of a program while it is assembled: constants are shared, named memory is found again by its name. */
export class Memory {
  private readonly constants: { offset: number; content: Uint8Array | string }[] = []
  private constSize = 0
  private dataSize = 0
  private initialSize = 0
  private readonly texts = new Map<string, Place>()
  private readonly interned = new Map<string, Place>()
  private readonly named = new Map<string, Named>()
  readonly fixups: Fixup[] = []
  /** Where they are, counted from the end of the results. */
  readonly kept = new Map<string, Place & { readonly size: number }>()
  keptSize = 0

  /** Read-only bytes, on eight; the same key gives the same place. */
  constant(bytes: Uint8Array, key?: string): Place {
    const known = key === undefined ? undefined : this.interned.get(key)
    if (known) return known
    const place = this.place(bytes, bytes.length)
    if (key !== undefined) this.interned.set(key, place)
    return place
  }

  /**
   * NUL-terminated; bytes that `textFromBytes` has escaped are those bytes again.
   *
   * @throws RtError RT_INVALID_OPTION on a NUL inside: the kernel would read only half of it
   */
  string(text: string | Uint8Array): Place {
    if (typeof text === 'string') {
      const known = this.texts.get(text)
      if (known) return known
      if (!isUtf8(text)) return this.string(textBytes(text))
    }
    // Latin-1 gives every sequence of bytes a key of its own; the mark tells it from text.
    const key = typeof text === 'string' ? text : `\0${Buffer.from(text).toString('latin1')}`
    const known = this.texts.get(key)
    if (known) return known
    if (key.includes('\0', typeof text === 'string' ? 0 : 1)) {
      throw new RtError('RT_INVALID_OPTION', `a NUL byte in ${JSON.stringify(text.toString().slice(0, 200))}`, {
        hint: 'the kernel ends text at the first NUL, so it can be part of no path, argument or variable',
      })
    }
    const place = this.place(text, Buffer.byteLength(text) + 1)
    this.texts.set(key, place)
    return place
  }

  private place(content: Uint8Array | string, size: number): Place {
    const place: Place = { segment: 'const', offset: this.constSize }
    this.constants.push({ offset: place.offset, content })
    this.constSize += round8(size)
    return place
  }

  /**
   * Writable memory under a name: found again if it is there, and then as large as the largest wish.
   *
   * @param init its first contents. @throws RtError RT_PROGRAM if it has others already: one of two would be lost
   */
  data(name: string, size: number, init?: Uint8Array): Place {
    const known = this.named.get(name)
    if (!known) {
      const memory: Named = { segment: 'data', offset: 0, name, size, init }
      this.named.set(name, memory)
      return memory
    }
    if (known.size < size) known.size = size
    if (init) {
      if (known.init && Buffer.compare(known.init, init) !== 0) {
        throw new RtError('RT_PROGRAM', `two structs with different fields are named ${JSON.stringify(name)}`)
      }
      known.init = init
    }
    return known
  }

  /** Bytes behind the results in a process's log, for Node: found again by their name. */
  inLog(name: string, size: number): Place {
    const known = this.kept.get(name)
    if (known) return known
    const place = { segment: 'log', offset: this.keptSize, size } as const
    this.kept.set(name, place)
    this.keptSize += round8(size)
    return place
  }

  find(name: string): Place | undefined {
    return this.named.get(name)
  }

  /** Give named memory its place in the data segment: sizes are known when all instructions have been seen. */
  layOut(): void {
    this.dataSize = 0
    const written = new Set(this.fixups.map(({ at }) => at.within))
    // What begins as zero comes last: an executable holds no bytes for it.
    for (const isZero of [false, true]) {
      for (const memory of this.named.values()) {
        if ((memory.init === undefined && !written.has(memory)) !== isZero) continue
        memory.offset = this.dataSize
        this.dataSize += round8(memory.size)
      }
      if (!isZero) this.initialSize = this.dataSize
    }
  }

  /** Bytes at the start of the data that do not begin as zero; the rest needs no file. */
  get initialDataSize(): number {
    return this.initialSize
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
    this.constants.forEach(({ offset, content }) => {
      if (typeof content === 'string') constants.write(content, offset)
      else constants.set(content, offset)
    })
    for (const { offset, init } of this.named.values()) if (init) data.set(init, offset)
  }
}
