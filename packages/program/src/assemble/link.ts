import { type Arch, syscallNumber } from '@rt/sys'
import { placeOf } from '../plan/reachable.js'
import type { Assembler } from './assembler.js'
import { dataFileOffset } from './elf.js'
import { CLOCK_MONOTONIC, CONST_BASE, CONST_OFFSET, DATA_BASE, LOG_BASE, LOG_HEADER, OP_SIZE } from './layout.js'
import { offsetOf, type Place } from './memory.js'
import { type Operation, type OperationArgument, REGION_SIZE } from './operation.js'

/** Where the segments lie. `apply` has them in Node's own memory. */
export interface Addresses {
  /** Of the bytes that are kept for Node; default: behind the results in the log. */
  readonly kept?: bigint | number
  readonly constants: bigint | number
  readonly data: bigint | number
}

export interface LinkOptions {
  readonly arch: Arch
  /** A clock_gettime before every operation, see {@link timePlace}. */
  readonly traced?: boolean | undefined
}

/** A program's memory, addresses in place. */
export interface Image {
  readonly constants: Buffer
  readonly data: Buffer
  /** Bytes of it that a file has to hold: the rest is zero. */
  readonly initialDataSize: number
  /** Result words in the log. */
  readonly slots: number
}

/** The log slot of operation `index`: in a traced program every other operation reads the clock. */
export const slotOf = (index: number, traced: boolean): number => (traced ? 2 * index + 1 : index)

/** Bytes of one process's log. */
export const sizeOfLog = (slots: number, traced: boolean): number =>
  traced ? timePlace(slots, slots) : LOG_HEADER + slots * 8

/** The same on pages of its own, whatever size they have: an offset of mmap(2). */
export const regionSize = (logSize: number): number => Math.ceil(logSize / LARGEST_PAGE) * LARGEST_PAGE

/** arm64 kernels come with 4, 16 and 64 KiB pages. */
const LARGEST_PAGE = 0x10000

/** Offset in the log of the timespec taken just before operation `index` of a traced program. */
export const timePlace = (index: number, slots: number): number => LOG_HEADER + slots * 8 + index * 16

/** The addresses that an ELF gives its segments, which follow from the size of the constants. */
function elfAddresses(constantsSize: number): Addresses {
  return { constants: CONST_BASE + CONST_OFFSET, data: DATA_BASE + dataFileOffset(constantsSize) }
}

/** Write operations, constants and data with all addresses resolved. */
export function link(
  assembler: Assembler,
  options: LinkOptions,
  addresses: (constantsSize: number) => Addresses = elfAddresses,
): Image {
  const { memory, labels, operations } = assembler
  memory.layOut()
  const traced = options.traced ?? false
  const slots = operations.length * (traced ? 2 : 1)
  const opsSize = slots * OP_SIZE
  // Filled word by word: an element of a typed array costs far less than a Buffer's methods, most of all in code that
  // has not been compiled yet (the CLI assembles once).
  const words = new Int32Array((opsSize + memory.constantSize) / 4)
  const constants = Buffer.from(words.buffer)
  const dataWords = new Int32Array(memory.writableSize / 4)
  const data = Buffer.from(dataWords.buffer)
  memory.copyTo(constants.subarray(opsSize), data)
  const base = addresses(constants.length)
  const [constBase, dataBase] = [Number(base.constants) + opsSize, Number(base.data)]
  const logSize = sizeOfLog(slots, traced)
  const keptBase = Number(base.kept ?? LOG_BASE + logSize)
  const bases = { const: constBase, data: dataBase, log: keptBase }
  const resolve = (place: Place): number => bases[place.segment] + offsetOf(place)
  memory.fixups.forEach(({ at, target }) => {
    if (at.segment === 'data') writeWord(dataWords, offsetOf(at) / 4, resolve(target))
    else writeWord(words, (opsSize + at.offset) / 4, resolve(target))
  })
  const entry = (index: number): number => (traced ? 2 * index : index)
  const target = (to: Operation['next'], following: number): number => {
    if (to === undefined) return entry(following)
    if (typeof to === 'number') return entry(to)
    return entry(placeOf(labels, to))
  }
  const clock = traced ? syscallNumber('clock_gettime', options.arch) : 0
  const scratch = resolve(assembler.scratch)
  const region = regionSize(logSize + memory.keptSize)
  const argumentOf = (argument: OperationArgument): number | bigint => {
    if (argument === REGION_SIZE) return region
    if (typeof argument !== 'object') return argument as number | bigint
    return 'region' in argument ? argument.region * region : resolve(argument)
  }
  for (let i = 0; i < operations.length; i++) {
    const operation = operations[i] as Operation
    const slot = slotOf(i, traced)
    if (traced) {
      const at = writeOperation(words, 2 * i, clock, 0, slot, slot, scratch)
      writeWord(words, at, CLOCK_MONOTONIC)
      writeWord(words, at + 2, LOG_BASE + timePlace(i, slots))
    }
    const next = target(operation.next, i + 1)
    const failed = target(operation.failed, i + 1)
    const at = writeOperation(words, slot, operation.call, operation.indirect, next, failed, resolve(operation.save))
    const { arguments: args } = operation
    for (let n = 0; n < args.length; n++) {
      writeWord(words, at + 2 * n, argumentOf(args[n] as OperationArgument))
    }
  }
  return { constants, data, initialDataSize: memory.initialDataSize, slots }
}

/** @returns the index of its first argument */
function writeOperation(
  into: Int32Array,
  slot: number,
  call: number,
  indirect: number,
  next: number,
  failed: number,
  save: number,
): number {
  const at = (slot * OP_SIZE) / 4
  into[at] = call
  into[at + 1] = indirect
  into[at + 2] = next
  into[at + 3] = failed
  writeWord(into, at + 4, save)
  return at + 6
}

/** 64 bits, little-endian, modulo 2^64. BigInt arithmetic is slow, and most words are numbers. */
function writeWord(into: Int32Array, index: number, value: number | bigint): void {
  if (typeof value === 'number') {
    // Most words are small: they need no division, whose result would be an object.
    if (value >= 0 && value <= 0x7fffffff) {
      into[index] = value
      into[index + 1] = 0
      return
    }
    // Both conversions are modulo 2^32, and the floor is that of two's complement.
    into[index] = value
    into[index + 1] = Math.floor(value / 0x100000000)
  } else {
    into[index] = Number(BigInt.asIntN(32, value))
    into[index + 1] = Number(BigInt.asIntN(32, value >> 32n))
  }
}
