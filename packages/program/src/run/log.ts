import { closeSync, readSync } from 'node:fs'
import { MFD_CLOEXEC, syscall } from '@rt/sys'
import type { Program } from '../assemble/assemble.js'
import { PID_OF } from '../assemble/assembler.js'
import { LOG_HEADER, LOG_PC, LOG_PID, NOT_RUN_HIGH } from '../assemble/layout.js'
import { sizeOfLog, slotOf, timePlace } from '../assemble/link.js'
import { birthRegion, ownRegion, regionCount } from '../assemble/own-log.js'

/** The name of the file, as /proc/self/fd shows it. */
export const LOG_NAME = 'rt-log'

export const logFile = (): number => syscall('memfd_create', LOG_NAME, MFD_CLOEXEC)

/** The pages that a program's processes write their results to: readable whatever has become of the processes. */
export class Log {
  readonly fd: number
  /** By region. */
  private kept: Buffer[] | undefined

  /** @param fd of {@link logFile}; it is the log's from now on */
  constructor(
    private readonly program: Program,
    fd: number = logFile(),
  ) {
    this.fd = fd
  }

  /** Room for what the program will write. Pages that nobody writes take no memory. */
  makeRoom(): this {
    syscall('ftruncate', this.fd, regionCount(this.program.processes.length) * this.program.regionSize)
    return this
  }

  /** The pid of a process on the host; 0 before the clone that makes it. */
  pid(process: string): number {
    const number = this.program.processes.indexOf(process)
    return number < 1 ? 0 : this.bytes(birthRegion(number), LOG_PID, 4).readInt32LE(0)
  }

  /**
   * The operation that a process has come to: the one that it is in, or that was its last.
   *
   * @returns undefined before its first one
   */
  at(process: string): number | undefined {
    const number = this.program.processes.indexOf(process)
    if (number < 0) return undefined
    const pc = this.bytes(ownRegion(number), LOG_PC, 8).readUInt32LE(0)
    // The first operation of all is the supervisor's, and before its log.
    return pc === 0 ? undefined : this.operationAt(pc)
  }

  /** What failed, where a process has come to the end of a set-up that did: the index of the operation. */
  failed(process: string): number | undefined {
    const { sites, latches } = this.program
    for (let i = 0; i < latches.length; i++) {
      const latch = latches[i] as number
      const failed = sites[latch]?.process === process ? this.resultOf(latch) : undefined
      if (failed !== undefined) return this.operationAt(failed)
    }
    return undefined
  }

  /** One word per operation: what the call returned, minus the errno if it failed; undefined if it has not run. */
  results(): (number | undefined)[] {
    const { sites, traced, processes } = this.program
    const own = new Map(processes.map((name, number) => [name, this.region(ownRegion(number))]))
    const births = new Map(processes.map((name, number) => [name, number < 1 ? undefined : birthRegion(number)]))
    const results = new Array<number | undefined>(sites.length)
    for (let i = 0; i < sites.length; i++) {
      const { process, birthOf } = sites[i] as Program['sites'][number]
      const birth = birthOf === undefined ? undefined : births.get(birthOf)
      const words = birth === undefined ? own.get(process) : this.region(birth)
      results[i] = words && result(words, slotOf(i, traced))
    }
    // The child may have been the last to write what the clone returned: to it that is 0.
    for (let i = 0; i < sites.length; i++) {
      const { birthOf, helper } = sites[i] as Program['sites'][number]
      if (birthOf === undefined || helper !== undefined || results[i] !== 0) continue
      const noted = sites.findIndex((site) => site.helper === PID_OF + birthOf)
      results[i] = results[noted] ?? this.pid(birthOf)
    }
    return results
  }

  /** One operation's result, without reading the whole. */
  resultOf(index: number): number | undefined {
    const { sites, processes, traced } = this.program
    const { process, birthOf } = sites[index] as Program['sites'][number]
    const region =
      birthOf === undefined ? ownRegion(processes.indexOf(process)) : birthRegion(processes.indexOf(birthOf))
    const bytes = this.bytes(region, LOG_HEADER + slotOf(index, traced) * 8, 8)
    return result(new Int32Array(bytes.buffer, bytes.byteOffset, 2), 0, 0)
  }

  /** Nanoseconds of CLOCK_MONOTONIC just before each operation of a traced program; undefined if it has not run. */
  times(): (bigint | undefined)[] {
    const { sites, traced, slots, processes } = this.program
    if (!traced) return []
    return sites.map(({ process, birthOf }, i) => {
      const place = timePlace(i, slots)
      const own = this.bytes(ownRegion(processes.indexOf(process)), place, 16)
      // The clock is read before the operation, so before what the first one of a birth maps.
      const birth = birthOf === undefined ? undefined : this.bytes(birthRegion(processes.indexOf(birthOf)), place, 16)
      for (const bytes of [own, birth]) {
        const seconds = bytes?.readBigInt64LE(0)
        if (bytes && seconds) return seconds * 1_000_000_000n + bytes.readBigInt64LE(8)
      }
      return undefined
    })
  }

  /** What the supervisor has kept under a name; undefined if the program keeps nothing under it. */
  keptAs(name: string): Buffer | undefined {
    const place = this.program.kept.get(name)
    return place && this.bytes(ownRegion(0), place.at, place.size)
  }

  /** Keep what is there and give the memory back. */
  close(): void {
    if (this.kept) return
    const count = regionCount(this.program.processes.length)
    this.kept = Array.from({ length: count }, (_, region) => this.bytes(region, 0, this.used()))
    closeSync(this.fd)
  }

  private operationAt(slot: number): number {
    return this.program.traced ? slot >> 1 : slot
  }

  /** Bytes of a region that a process may have written. */
  private used(): number {
    const { traced, slots, kept } = this.program
    const ends = [...kept.values()].map(({ at, size }) => at + size)
    return Math.max(sizeOfLog(slots, traced), ...ends.map((end) => (end + 7) & ~7))
  }

  private bytes(region: number, from: number, length: number): Buffer {
    if (this.kept) return (this.kept[region] as Buffer).subarray(from, from + length)
    const bytes = Buffer.alloc(length)
    readSync(this.fd, bytes, 0, length, region * this.program.regionSize + from)
    return bytes
  }

  private region(region: number): Int32Array {
    const bytes = this.bytes(region, 0, this.used())
    return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  }
}

/** Without BigInts: every start reads some of them, in code that is not compiled yet. */
function result(words: Int32Array, slot: number, first = LOG_HEADER / 4): number | undefined {
  const at = first + 2 * slot
  const low = words[at] as number
  const kept = words[at + 1] as number
  if (kept === 0 && low === 0) return undefined
  const high = kept ^ NOT_RUN_HIGH
  return high * 0x100000000 + (low >>> 0)
}
