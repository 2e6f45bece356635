import type { Amount } from './amount.js'

/** What a group uses. A part is absent when its controller isn't there or the kernel doesn't count it. */
export interface CgroupStats {
  readonly memory?: MemoryStats
  readonly cpu?: CpuStats
  readonly pids?: PidsStats
  /** By device, `8:0`. */
  readonly io?: Readonly<Record<string, IoStats>>
  /** By page size, `2MB`. */
  readonly hugetlb?: Readonly<Record<string, HugetlbStats>>
  /** By RDMA device. */
  readonly rdma?: Readonly<Record<string, RdmaStats>>
}

/** Bytes, children included. */
export interface MemoryStats {
  readonly current: number
  readonly max: Amount
  /** Highest `current` so far. v2: Linux 5.19. */
  readonly peak?: number
  /** v1: `memory and swap` together as its files count; v2: swap alone. Absent without swap accounting. */
  readonly swap?: { readonly current: number; readonly max: Amount }
  /** Private memory of processes. */
  readonly anon: number
  /** The page cache, shared memory and tmpfs included. */
  readonly file: number
  /** Cache not used of late: what reclaim takes first. `current - inactiveFile` is what `docker stats` shows. */
  readonly inactiveFile: number
  /** Times the limit was met. */
  readonly failures: number
  /** Processes killed because memory ran out here. */
  readonly oomKills: number
  /** All counters of memory.stat, by the kernel's names. */
  readonly detail: Readonly<Record<string, number>>
}

/** Microseconds of CPU time; counts of periods. */
export interface CpuStats {
  readonly usage: number
  readonly user: number
  readonly system: number
  /** Periods that passed while a quota was set. */
  readonly periods?: number
  /** … in which the quota ran out. */
  readonly throttledPeriods?: number
  /** Time that was spent waiting for the next period. */
  readonly throttledTime?: number
}

export interface PidsStats {
  readonly current: number
  readonly max: Amount
  /** Forks refused because of the limit. */
  readonly failures?: number
}

export interface IoStats {
  readonly readBytes: number
  readonly writtenBytes: number
  readonly reads: number
  readonly writes: number
}

/** Bytes of huge pages. */
export interface HugetlbStats {
  readonly current: number
  readonly max: Amount
  /** Allocations refused because of the limit. */
  readonly failures: number
}

export interface RdmaStats {
  readonly hca_handle: number
  readonly hca_object: number
}
