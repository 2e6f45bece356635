import { closeSync, readSync } from 'node:fs'
import { MFD_CLOEXEC, syscall } from '@rt/sys'
import type { Program } from './assemble.js'
import { LOG_HEADER, NOT_RUN_HIGH } from './layout.js'
import { slotOf, timePlace } from './link.js'

/** The pages that a program's processes write their results to: readable whatever has become of the processes. */
export class Log {
  readonly fd: number
  private kept: Buffer | undefined

  constructor(private readonly program: Program) {
    this.fd = syscall('memfd_create', 'rt-log', MFD_CLOEXEC)
    syscall('ftruncate', this.fd, program.logSize)
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
  const kept = words[at + 1] as number
  if (kept === 0 && low === 0) return undefined
  const high = kept ^ NOT_RUN_HIGH
  return high * 0x100000000 + (low >>> 0)
}
