import { closeSync, readSync, writeSync } from 'node:fs'
import { MFD_CLOEXEC, syscall } from '@rt/sys'
import type { Program } from './assemble.js'
import { LOG_HEADER, NOT_RUN_HIGH } from './layout.js'
import { slotOf, timePlace } from './link.js'

const blanks = new Map<number, Buffer>()

/** A log in which nothing has run yet. */
function blank(program: Program): Buffer {
  const known = blanks.get(program.logSize)
  if (known) return known
  const bytes = Buffer.alloc(program.logSize)
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, program.logSize / 4)
  for (let i = 0; i < program.slots; i++) words[LOG_HEADER / 4 + 2 * i + 1] = NOT_RUN_HIGH
  if (blanks.size < 16) blanks.set(program.logSize, bytes)
  return bytes
}

/** The pages that a program's processes write their results to: readable whatever has become of the processes. */
export class Log {
  readonly fd: number
  private kept: Buffer | undefined

  constructor(private readonly program: Program) {
    this.fd = syscall('memfd_create', 'rt-log', MFD_CLOEXEC)
    writeSync(this.fd, blank(program))
  }

  /** Init's pid on the host; 0 before the clone. */
  pid(): number {
    const bytes = this.kept ?? Buffer.alloc(4)
    if (!this.kept) readSync(this.fd, bytes, 0, 4, 0)
    return bytes.readInt32LE(0)
  }

  /** One word per operation: what the call returned, minus the errno if it failed; undefined if it has not run. */
  results(): (number | undefined)[] {
    const words = this.words()
    const { sites, traced } = this.program
    const results = new Array<number | undefined>(sites.length)
    for (let i = 0; i < sites.length; i++) results[i] = result(words, slotOf(i, traced))
    return results
  }

  /** One operation's result, without reading the whole; also of a fault's marker. */
  resultOf(index: number): number | undefined {
    return result(this.words(), slotOf(index, this.program.traced))
  }

  /** Nanoseconds of CLOCK_MONOTONIC just before each operation of a traced program; undefined if it has not run. */
  times(): (bigint | undefined)[] {
    if (!this.program.traced) return []
    const bytes = this.bytes()
    return this.program.sites.map((_, i) => {
      const at = timePlace(i, this.program.slots)
      const seconds = bytes.readBigInt64LE(at)
      return seconds === 0n ? undefined : seconds * 1_000_000_000n + bytes.readBigInt64LE(at + 8)
    })
  }

  /** Keep what is there and give the memory back. */
  close(): void {
    if (this.kept) return
    this.kept = this.bytes()
    closeSync(this.fd)
  }

  private bytes(): Buffer {
    if (this.kept) return this.kept
    const bytes = Buffer.alloc(this.program.logSize)
    readSync(this.fd, bytes, 0, bytes.length, 0)
    return bytes
  }

  private words(): Int32Array {
    const bytes = this.bytes()
    return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  }
}

/** Without BigInts: every start reads some hundred results, in code that is not compiled yet. */
function result(words: Int32Array, slot: number): number | undefined {
  const at = LOG_HEADER / 4 + 2 * slot
  const low = words[at] as number
  const high = words[at + 1] as number
  if (high === NOT_RUN_HIGH && low === 0) return undefined
  return high * 0x100000000 + (low >>> 0)
}
