import { RtError } from '@rt/sys'

/** A place in one of the two segments; addresses are known only when both are complete. */
export interface Place {
  readonly segment: 'const' | 'data'
  readonly offset: number
}

/** A pointer to be written into a segment once addresses are known. */
interface Fixup {
  readonly at: Place
  readonly target: Place
}

/** The memory of a program while it is assembled: constants are shared, named memory is found again by its name. */
export class Memory {
  private constChunks: Uint8Array[] = []
  private constSize = 0
  private dataSize = 0
  private readonly dataInit: { offset: number; bytes: Uint8Array }[] = []
  private readonly interned = new Map<string, Place>()
  private readonly named = new Map<string, Place & { size: number }>()
  readonly fixups: Fixup[] = []

  /** @param opsSize bytes that the operations take at the start of the constants */
  constructor(private readonly opsSize: number) {}

  constant(bytes: Uint8Array, key?: string): Place {
    const known = key === undefined ? undefined : this.interned.get(key)
    if (known) return known
    const place: Place = { segment: 'const', offset: this.opsSize + this.constSize }
    const padded = (bytes.length + 7) & ~7
    this.constChunks.push(bytes)
    if (padded > bytes.length) this.constChunks.push(new Uint8Array(padded - bytes.length))
    this.constSize += padded
    if (key !== undefined) this.interned.set(key, place)
    return place
  }

  /** NUL-terminated. @throws RtError RT_INVALID_OPTION on a NUL inside: the kernel would read only half of it. */
  string(text: string | Uint8Array): Place {
    const bytes = typeof text === 'string' ? Buffer.from(text) : Buffer.from(text)
    if (bytes.includes(0)) throw new RtError('RT_INVALID_OPTION', `a NUL byte in ${JSON.stringify(bytes.toString())}`)
    return this.constant(Buffer.concat([bytes, Buffer.alloc(1)]), `s${bytes.toString('latin1')}`)
  }

  /** Writable memory under a name: found again if it is there. */
  data(name: string, size: number, init?: Uint8Array): Place & { size: number } {
    const known = this.named.get(name)
    if (known) {
      if (init) this.dataInit.push({ offset: known.offset, bytes: init })
      if (known.size < size) throw new RtError('RT_PROGRAM', `${name} was ${known.size} bytes and is now ${size}`)
      return known
    }
    const place = { segment: 'data' as const, offset: this.dataSize, size }
    this.dataSize += (size + 7) & ~7
    if (init) this.dataInit.push({ offset: place.offset, bytes: init })
    this.named.set(name, place)
    return place
  }

  find(name: string): (Place & { size: number }) | undefined {
    return this.named.get(name)
  }

  finish(): { constants: Buffer; data: Buffer } {
    const constants = Buffer.alloc(this.opsSize + this.constSize)
    let at = this.opsSize
    for (const chunk of this.constChunks) {
      constants.set(chunk, at)
      at += chunk.length
    }
    const data = Buffer.alloc(Math.max(this.dataSize, 8))
    for (const { offset, bytes } of this.dataInit) data.set(bytes, offset)
    return { constants, data }
  }
}
