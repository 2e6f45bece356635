import type { Amount, Size } from './amount.js'
import type { DeviceRule } from './device-rule.js'

/**
 * What a group's processes may use. A field that is undefined stays as it is: 0 is a limit like any other. `S` is a
 * size as people write it; after {@link parseResources} it is a number of bytes or `'max'`.
 */
export interface Resources<S = Size> {
  readonly memory?: MemoryResources<S> | undefined
  readonly cpu?: CpuResources | undefined
  readonly cpuset?: CpusetResources | undefined
  readonly pids?: PidsResources | undefined
  readonly io?: IoResources<S> | undefined
  /** Bytes of huge pages by page size, `{ '2MB': '64M' }`. v1 hugetlb.2MB.limit_in_bytes, v2 hugetlb.2MB.max. */
  readonly hugetlb?: Readonly<Record<string, S>> | undefined
  /** By name of the RDMA device, `{ mlx5_0: { hca_handle: 2 } }`. rdma.max of both versions. */
  readonly rdma?: Readonly<Record<string, RdmaResources>> | undefined
  /** Devices that may be made, read and written: rules in order, the last that matches decides. */
  readonly devices?: readonly DeviceRule[] | undefined
  /** Files of cgroup v2 by name, written as they are after all others: `{ 'memory.high': '200M' }`. */
  readonly unified?: Readonly<Record<string, string>> | undefined
}

export interface MemoryResources<S = Size> {
  /** Memory without swap. v1 memory.limit_in_bytes, v2 memory.max. */
  readonly max?: S | undefined
  /**
   * Memory and swap together, as Docker's `--memory-swap`; equal to `max` it forbids swap. v1
   * memory.memsw.limit_in_bytes; v2 memory.swap.max, which is swap alone: the difference is written.
   */
  readonly swap?: S | undefined
  /** What reclaim leaves alone while others have more. v1 memory.soft_limit_in_bytes, v2 memory.low. */
  readonly reservation?: S | undefined
}

export interface CpuResources {
  /** Share of CPU time against siblings, 2 to 262144, 1024 by default. v1 cpu.shares; v2 cpu.weight, converted. */
  readonly shares?: number | undefined
  /** Microseconds of CPU time per period, at least 1000. v1 cpu.cfs_quota_us, v2 cpu.max. */
  readonly quota?: Amount | undefined
  /** Microseconds, 1000 to 1000000, 100000 by default. v1 cpu.cfs_period_us, v2 cpu.max. */
  readonly period?: number | undefined
  /** Microseconds that may be saved up from earlier periods, at most the quota. Linux 5.14. */
  readonly burst?: number | undefined
  /** Run only when nothing else wants to (SCHED_IDLE for the group); excludes shares. Linux 5.15. */
  readonly idle?: boolean | undefined
}

export interface CpusetResources {
  /** CPUs, `0-2,4`. */
  readonly cpus?: string | undefined
  /** NUMA nodes, `0`. */
  readonly mems?: string | undefined
}

export interface PidsResources {
  /** Processes and threads. */
  readonly max?: Amount | undefined
}

export interface IoResources<S = Size> {
  /** Share of the disks' time against siblings, 10 to 1000, as Docker's `--blkio-weight`. */
  readonly weight?: number | undefined
  readonly weightDevice?: readonly { readonly device: string; readonly weight: number }[] | undefined
  /** Caps per device. v1 blkio.throttle.*, v2 io.max. */
  readonly throttle?: readonly IoThrottle<S>[] | undefined
}

/** Caps of one block device (a whole disk, not a partition). */
export interface IoThrottle<S = Size> {
  /** `MAJOR:MINOR` */
  readonly device: string
  /** Bytes read per second. */
  readonly rbps?: S | undefined
  /** Bytes written per second. */
  readonly wbps?: S | undefined
  /** Read operations per second. */
  readonly riops?: Amount | undefined
  /** Write operations per second. */
  readonly wiops?: Amount | undefined
}

export interface RdmaResources {
  readonly hca_handle?: Amount | undefined
  readonly hca_object?: Amount | undefined
}

/** Resources whose sizes are bytes: what the controllers work with. */
export type Limits = Resources<Amount>
