import type { SparseExtent } from './entry.js'
import { FieldError, parseNumberField } from './number-field.js'

/** More runs than this in one file are refused: the map is kept in memory. */
const MAX_EXTENTS = 1 << 18

/** Collects the map of a sparse file, and checks it: ascending, without overlap, within the file. */
export class SparseMap {
  readonly extents: SparseExtent[] = []
  /** Bytes that the archive holds for the file. */
  dataSize = 0
  #end = 0

  constructor(readonly realSize: number) {
    if (realSize < 0) throw new FieldError(`bad sparse map: the file's size is ${realSize}`)
  }

  add(offset: number, length: number): void {
    if (offset < this.#end || length < 0 || offset + length > this.realSize) {
      throw new FieldError(
        `bad sparse map: ${length} bytes at ${offset} in a file of ${this.realSize} bytes, where ${this.#end} are placed already`,
      )
    }
    if (this.extents.length >= MAX_EXTENTS) throw new FieldError(`bad sparse map: more than ${MAX_EXTENTS} runs`)
    this.#end = offset + length
    if (length === 0) return // writers end a map with an empty run at the file's end
    this.extents.push({ offset, length })
    this.dataSize += length
  }
}

/**
 * A table of (offset, length) pairs, 12 bytes each, as GNU's old format has it: 4 in the header, 21 in each extension
 * block (`struct sparse_header` in GNU tar's tar.h).
 */
export function readSparseTable(map: SparseMap, block: Uint8Array, start: number, pairs: number): void {
  for (let pair = 0; pair < pairs; pair++) {
    const at = start + pair * 24
    if (block[at] === 0 && block[at + 12] === 0) return // the table is not full
    const offset = parseNumberField(block, at, 12, 'sparse offset')
    map.add(offset, parseNumberField(block, at + 12, 12, 'sparse length'))
  }
}

/**
 * The map that precedes the data in GNU's pax format 1.0: decimal numbers, a line each: how many pairs, then offset and
 * length of each; padded to a block.
 */
export class SparseMapText {
  #pairs: number | undefined
  #offset: number | undefined
  #digits = ''
  #read = 0

  constructor(readonly map: SparseMap) {}

  /** Takes one block. @returns true once the map is complete */
  read(block: Uint8Array, start: number, length: number): boolean {
    for (let at = start; at < start + length; at++) {
      const byte = block[at]!
      if (byte >= 0x30 && byte <= 0x39 && this.#digits.length < 16) this.#digits += String.fromCharCode(byte)
      else if (byte === 0x0a && this.#digits !== '') {
        if (this.#number(Number(this.#digits))) return true
        this.#digits = ''
      } else throw new FieldError('bad sparse map: expected decimal numbers, a line each')
    }
    return false
  }

  #number(value: number): boolean {
    if (this.#pairs === undefined) this.#pairs = value
    else if (this.#offset === undefined) this.#offset = value
    else {
      this.map.add(this.#offset, value)
      this.#offset = undefined
      this.#read++
    }
    return this.#offset === undefined && this.#read === this.#pairs
  }
}
