import { type Arch, errnoNumber, RtError, syscallNumber } from '@rt/sys'
import type { Assembler } from './assembler.js'
import { dataFileOffset } from './elf.js'
import type { Fault } from './fault.js'
import {
  CLOCK_MONOTONIC,
  CONST_BASE,
  CONST_OFFSET,
  DATA_BASE,
  LOG_BASE,
  LOG_HEADER,
  OP_COMPUTE,
  OP_SIZE,
} from './layout.js'
import type { Place } from './memory.js'
import type { Operation } from './operation.js'

/** Where the segments lie. `apply` has them in Node's own memory. */
export interface Addresses {
  readonly constants: bigint | number
  readonly data: bigint | number
}

export interface LinkOptions {
  readonly arch: Arch
  /** A clock_gettime before every operation, see {@link timePlace}. */
  readonly traced?: boolean | undefined
  readonly fault?: Fault | undefined
}

/** A program's memory, addresses in place. */
export interface Image {
  readonly constants: Buffer
  readonly data: Buffer
  /** Result words in the log. */
  readonly slots: number
}

/** The log slot of operation `index`: in a traced program every other operation reads the clock. */
export const slotOf = (index: number, traced: boolean): number => (traced ? 2 * index + 1 : index)

/** Offset in the log of the timespec taken just before operation `index` of a traced program. */
export const timePlace = (index: number, slots: number): number => LOG_HEADER + slots * 8 + index * 16

/** The addresses that an ELF gives its segments, which follow from the size of the constants. */
export function elfAddresses(constantsSize: number): Addresses {
  return { constants: CONST_BASE + CONST_OFFSET, data: DATA_BASE + dataFileOffset(constantsSize) }
}

/** Write operations, constants and data with all addresses resolved. */
export function link(
  assembler: Assembler,
  options: LinkOptions,
  addresses: (constantsSize: number) => Addresses = elfAddresses,
): Image {
  const { memory, labels } = assembler
  const traced = options.traced ?? false
  const operations = options.fault ? withFault(assembler, options.fault, options.arch) : assembler.operations
  const slots = operations.length * (traced ? 2 : 1)
  const opsSize = slots * OP_SIZE
  const constants = Buffer.alloc(opsSize + memory.constantSize)
  const data = Buffer.alloc(memory.writableSize)
  memory.copyTo(constants.subarray(opsSize), data)
  const base = addresses(constants.length)
  const [constBase, dataBase] = [Number(base.constants) + opsSize, Number(base.data)]
  const resolve = (place: Place): number => (place.segment === 'data' ? dataBase : constBase) + place.offset
  for (const { at, target } of memory.fixups) {
    const into = at.segment === 'data' ? data : constants
    writeWord(into, at.offset + (at.segment === 'data' ? 0 : opsSize), resolve(target))
  }
  const entry = (index: number): number => (traced ? 2 * index : index)
  const target = (to: Operation['next'], following: number): number => {
    if (to === undefined) return entry(following)
    if (typeof to === 'number') return entry(to)
    const index = labels.get(to)
    if (index === undefined) throw new RtError('RT_PROGRAM', `no label ${JSON.stringify(to)} in the plan`)
    return entry(index)
  }
  const clock = traced ? syscallNumber('clock_gettime', options.arch) : 0
  const scratch = resolve(assembler.scratch)
  for (let i = 0; i < operations.length; i++) {
    const operation = operations[i] as Operation
    const slot = slotOf(i, traced)
    if (traced) {
      writeOperation(constants, 2 * i, clock, 0, slot, slot, scratch)
      const at = 2 * i * OP_SIZE + 24
      writeWord(constants, at, CLOCK_MONOTONIC)
      writeWord(constants, at + 8, LOG_BASE + timePlace(i, slots))
    }
    const next = target(operation.next, i + 1)
    const failed = target(operation.failed, i + 1)
    writeOperation(constants, slot, operation.call, operation.indirect, next, failed, resolve(operation.save))
    let at = slot * OP_SIZE + 24
    for (const argument of operation.arguments) {
      writeWord(constants, at, typeof argument === 'object' ? resolve(argument) : argument)
      at += 8
    }
  }
  return { constants, data, slots }
}

/**
 * The operations with one of them made to go wrong. An errno takes the place of the call's result; for a signal the
 * process marks the log (an operation added at the end) and sleeps where the operation was, until Node has killed it.
 */
function withFault(assembler: Assembler, fault: Fault, arch: Arch): Operation[] {
  const operations = [...assembler.operations]
  const original = operations[fault.op]
  if (!original) {
    throw new RtError('RT_INVALID_OPTION', `the program has no operation ${fault.op}: it has ${operations.length}`)
  }
  if ('errno' in fault) {
    const errno = errnoNumber(fault.errno)
    if (errno === undefined) throw new RtError('RT_INVALID_OPTION', `no errno is named ${JSON.stringify(fault.errno)}`)
    const { kind } = original.site.instruction
    if (kind !== 'call' || original.site.helper !== undefined) {
      throw new RtError('RT_INVALID_OPTION', `operation ${fault.op} is no system call, so it has no errno`)
    }
    operations[fault.op] = { ...original, call: OP_COMPUTE, arguments: [-errno, 0, 0], indirect: 0 }
    return operations
  }
  const marker = operations.length
  const asleep = marker + 1
  operations[fault.op] = {
    ...original,
    call: OP_COMPUTE,
    arguments: [0, 0, 0],
    indirect: 0,
    next: marker,
    failed: marker,
  }
  operations.push(
    { ...original, call: OP_COMPUTE, arguments: [1, 0, 0], indirect: 0, next: asleep, failed: asleep },
    {
      ...original,
      call: syscallNumber('ppoll', arch),
      arguments: [0, 0, 0, 0, 8],
      indirect: 0,
      next: asleep,
      failed: asleep,
    },
  )
  return operations
}

function writeOperation(
  into: Buffer,
  slot: number,
  call: number,
  indirect: number,
  next: number,
  failed: number,
  save: number,
): void {
  const base = slot * OP_SIZE
  into.writeInt32LE(call, base)
  into.writeUInt32LE(indirect, base + 4)
  into.writeUInt32LE(next, base + 8)
  into.writeUInt32LE(failed, base + 12)
  writeWord(into, base + 16, save)
}

/** 64 bits, little-endian, modulo 2^64. BigInt arithmetic is slow, and most words are small and positive. */
export function writeWord(into: Buffer, offset: number, value: number | bigint): void {
  if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) {
    into.writeUInt32LE(value % 0x100000000, offset)
    into.writeUInt32LE(Math.floor(value / 0x100000000), offset + 4)
  } else into.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)), offset)
}
