import { RtError, structLayout, textBytes, writeField } from '@rt/sys'
import type { Ref, StructValue, Table, Value, Vector } from '../language/instruction.js'
import type { Memory, Place } from './memory.js'

/** An argument as the machine takes it. */
export type Operand = number | bigint | Place

/** A word to be copied into a struct or vector before the call that points to it. */
export interface Store {
  readonly to: Place
  readonly from: Place
}

/** A word starts as -1: as a file descriptor it is then refused, where 0 would be somebody's stdin. */
const UNSET = new Uint8Array(8).fill(0xff)

/** A named struct has room for a message to Node (frame.ts). */
const SMALLEST_STRUCT = 32

const NUL = Uint8Array.of(0)

/** Most calls have none. */
const NONE: readonly Store[] = []

const ENCODED = new WeakMap<object, Uint8Array>()

/** Turns the values of instructions into operands, laying out the memory they name. */
export class Operands {
  /** Stores that the values seen since the last {@link takeStores} need. */
  private stores: readonly Store[] = NONE

  constructor(private readonly memory: Memory) {}

  takeStores(): readonly Store[] {
    const taken = this.stores
    this.stores = NONE
    return taken
  }

  /**
   * An argument; whether the machine finds it in memory is a question of its own: see {@link isIndirect}.
   *
   * @param scope makes names of a step its own, see {@link scoped}
   */
  operand(value: Value, scope: string): Operand {
    if (value === null) return 0
    if (typeof value === 'number' || typeof value === 'bigint') return value
    if (typeof value === 'string') return this.memory.string(value)
    if ('ref' in value) return this.at(value.ref, value.offset ?? 0, scope)
    return this.place(value, scope)
  }

  /** The word that takes a result: a name, or `name+offset` in a struct or buffer. */
  saved(name: string, scope: string): Place {
    const plus = name.lastIndexOf('+')
    if (plus <= 0) return this.word(name, scope)
    const offset = Number(name.slice(plus + 1))
    if (!Number.isInteger(offset)) {
      throw new RtError('RT_PROGRAM', `${JSON.stringify(name)} is no name: what follows a "+" is an offset in bytes`)
    }
    const place = this.memory.data(scoped(name.slice(0, plus), scope), 8)
    return { segment: 'data', within: place, offset }
  }

  private place(value: Exclude<Value, number | bigint | string | null | Ref>, scope: string): Place {
    if (value instanceof Uint8Array) return this.memory.constant(value, `x${Buffer.from(value).toString('latin1')}`)
    if ('address' in value) return this.at(value.address, value.offset ?? 0, scope)
    if ('buffer' in value) return this.memory.data(scoped(value.buffer, scope), value.size)
    if ('kept' in value) return this.memory.inLog(value.kept, value.size)
    if ('text' in value) {
      if (value.at === undefined) return this.memory.string(value.text)
      const text = typeof value.text === 'string' ? textBytes(value.text) : value.text
      const bytes = Buffer.concat([text, NUL])
      return this.memory.data(scoped(value.at, scope), bytes.length, bytes)
    }
    if ('strings' in value) return this.vector(value, scope)
    if ('table' in value) return this.table(value, scope)
    return this.struct(value, scope)
  }

  private at(name: string, offset: number, scope: string): Place {
    const place = this.word(name, scope)
    return offset === 0 ? place : { segment: 'data', within: place, offset }
  }

  /** Words that have been met, by the names that instructions give them: one of a step's own is made longer once. */
  private words = new Map<string, Place>()
  private wordsScope = ''

  private word(name: string, scope: string): Place {
    if (scope !== this.wordsScope) {
      this.words = new Map()
      this.wordsScope = scope
    }
    const known = this.words.get(name)
    if (known) return known
    const full = scoped(name, scope)
    const place = this.memory.find(full) ?? this.memory.data(full, 8, UNSET)
    this.words.set(name, place)
    return place
  }

  private vector(value: Vector, scope: string): Place {
    const bytes = new Uint8Array((value.strings.length + 1) * 8)
    const isWritten = value.strings.some((text) => typeof text === 'object' && 'ref' in text)
    const place = isWritten ? this.memory.data(`vector ${this.anonymous++}`, bytes.length) : this.memory.constant(bytes)
    value.strings.forEach((text, i) => {
      const at = partOf(place, i * 8)
      if (typeof text === 'string' || text instanceof Uint8Array) {
        this.memory.fixups.push({ at, target: this.memory.string(text) })
      } else if ('address' in text) {
        this.memory.fixups.push({ at, target: this.at(text.address, text.offset ?? 0, scope) })
      } else this.store(at, this.at(text.ref, text.offset ?? 0, scope))
    })
    return place
  }

  private table({ table: rows }: Table, scope: string): Place {
    const cells = rows.flat()
    const bytes = Buffer.alloc(cells.length * 8)
    const place = this.memory.constant(bytes)
    cells.forEach((cell, i) => {
      if (isIndirect(cell))
        throw new RtError('RT_PROGRAM', 'a table is constant: a cell can be the address of a word only')
      const operand = this.operand(cell, scope)
      if (typeof operand === 'object') this.memory.fixups.push({ at: partOf(place, i * 8), target: operand })
      else bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(operand)), i * 8)
    })
    return place
  }

  private store(to: Place, from: Place): void {
    this.stores = [...this.stores, { to, from }]
  }

  private anonymous = 0

  private struct(value: StructValue, scope: string): Place {
    const layout = structLayout(value.struct)
    const bytes = encodeStruct(value)
    const dynamic: [number, Place, 'pointer' | 'store'][] = []
    for (const [field, content] of Object.entries(value.fields)) {
      if (typeof content !== 'object') continue
      const at = layout.fields[field]
      if (at?.type !== 'u64' && at?.type !== 's64') {
        throw new RtError('RT_PROGRAM', `struct ${value.struct}.${field} is not a 64-bit field: it cannot hold a word`)
      }
      if (content instanceof Uint8Array || 'text' in content) {
        dynamic.push([at.offset, this.place(content, scope), 'pointer'])
        continue
      }
      if ('address' in content)
        dynamic.push([at.offset, this.at(content.address, content.offset ?? 0, scope), 'pointer'])
      else if (value.name === undefined) {
        throw new RtError(
          'RT_PROGRAM',
          `struct ${value.struct} has a ref in ${field}: give it a name (writable memory)`,
        )
      } else dynamic.push([at.offset, this.at(content.ref, content.offset ?? 0, scope), 'store'])
    }
    const place = value.name
      ? this.memory.data(scoped(value.name, scope), Math.max(layout.size, SMALLEST_STRUCT), bytes)
      : this.memory.constant(bytes, dynamic.length ? undefined : `x${Buffer.from(bytes).toString('latin1')}`)
    for (const [offset, other, how] of dynamic) {
      const at = partOf(place, offset)
      if (how === 'pointer') this.memory.fixups.push({ at, target: other })
      else this.store(at, other)
    }
    return place
  }
}

/** Constants lie where they are; named memory is laid out later, so a part of it counts from its start. */
const partOf = (place: Place, offset: number): Place =>
  place.segment === 'const'
    ? { segment: 'const', offset: place.offset + offset }
    : { segment: 'data', within: place, offset }

/** Is this argument the value of a word, which the machine reads when it gets there? */
export const isIndirect = (value: Value): boolean =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && 'ref' in value

/** Names that start with $ are the plan's; others belong to their step. */
export const scoped = (name: string, scope: string): string => (name.startsWith('$') ? name : scope + name)

/** A struct's bytes with its constant fields; words and addresses are zero. @throws RtError RT_PROGRAM: no such field */
function encodeStruct(value: StructValue): Uint8Array {
  const known = ENCODED.get(value)
  if (known) return known
  const layout = structLayout(value.struct)
  const bytes = new Uint8Array(layout.size)
  const view = new DataView(bytes.buffer)
  for (const [field, content] of Object.entries(value.fields)) {
    const at = layout.fields[field]
    if (!at) throw new RtError('RT_PROGRAM', `struct ${value.struct} has no field ${field}`)
    if (typeof content !== 'object') writeField(view, at.type, at.offset, content)
  }
  ENCODED.set(value, bytes)
  return bytes
}
