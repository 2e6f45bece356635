import type { SparseExtent } from './entry.js'
import { BLOCK, isZeroBlock } from './header.js'
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
    // GNU tar, whose formats these are, begins each run on a block of its own; all others expect no padding between them.
    // A writer that goes by blocks, as all do, satisfies both.
    if (length > 0 && this.dataSize % BLOCK !== 0) {
      throw new FieldError(
        'bad sparse map: a run before the last is no whole number of blocks, and readers disagree on where the next begins',
      )
    }
    if (this.extents.length >= MAX_EXTENTS) throw new FieldError(`bad sparse map: more than ${MAX_EXTENTS} runs`)
    this.#end = offset + length
    if (length === 0) return // writers end a map with an empty run at the file's end
    this.extents.push({ offset, length })
    this.dataSize += length
  }

  /**
   * To be called when the map is complete.
   *
   * @param size bytes that the archive holds for the file
   * @throws FieldError if it doesn't fit them, or the file
   */
  finish(size: number): void {
    if (this.dataSize !== size) {
      throw new FieldError(`bad sparse map: it places ${this.dataSize} bytes, and ${size} follow`)
    }
    // A last hole is an empty run at the file's end. Without it GNU tar makes the file shorter, others as long as is said.
    if (this.#end !== this.realSize) {
      throw new FieldError(`bad sparse map: it ends at ${this.#end}, in a file of ${this.realSize} bytes`)
    }
  }
}

/**
 * A table of (offset, length) pairs, 12 bytes each, as GNU's old format has it: 4 in the header, 21 in each extension
 * block (`struct sparse_header` in GNU tar's tar.h).
 *
 * @returns whether all of it is used
 * @throws FieldError
 */
export function readSparseTable(map: SparseMap, block: Uint8Array, start: number, pairs: number): boolean {
  for (let pair = 0; pair < pairs; pair++) {
    const at = start + pair * 24
    if (isZeroBlock(block, at, 24)) return false
    if (block[at] === 0 || block[at + 12] === 0) {
      throw new FieldError('bad sparse map: a run that lacks its offset or length, where readers disagree')
    }
    const offset = parseNumberField(block, at, 12, 'sparse offset')
    map.add(offset, parseNumberField(block, at + 12, 12, 'sparse length'))
  }
  return true
}

/**
 * Whether another block of a table follows.
 *
 * @param full whether the table before is
 * @param flag the byte that says it
 * @throws FieldError if the table before has room: GNU tar doesn't look at the flag then, others do
 */
export function sparseTableGoesOn(full: boolean, flag: number): boolean {
  if (flag !== 0 && !full) throw new FieldError('bad sparse map: it goes on after its end')
  return flag !== 0
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
