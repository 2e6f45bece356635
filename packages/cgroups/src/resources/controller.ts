import type { Hierarchy } from '../host/host.js'
import type { FieldPath } from './field-path.js'
import type { Limits } from './resources.js'
import type { CgroupStats, CpuStats } from './stats.js'

/** One write into a file of a group. */
export interface FileValue {
  readonly file: string
  readonly value: string
  /** The resource that asked for it: `pids.max`. */
  readonly option: string
  /** Other fields that the same write carries out. */
  readonly also?: readonly FieldPath[]
}

/** The text of a group's file without its last newline; undefined if there is no such file. */
export type ReadFile = (file: string) => string | undefined

/**
 * One controller of one version of cgroups. v1/ and v2/ hold a file for each; the two files of a controller lie side
 * by side and differ in the kernel's names, units and orders, which is all there is to differ. Which fields are whose is
 * said by fields.ts. Everything here is pure: text in, text out.
 */
export interface Controller {
  /** The kernel's name: `blkio`, `io`, `memory`. */
  readonly name: string
  /**
   * What to write, in the order in which the kernel accepts it.
   *
   * @param read the group's files as they are; absent for a group that is yet to be made
   */
  set(limits: Limits, hierarchy: Hierarchy, read?: ReadFile): FileValue[]
  stat?(read: ReadFile): PartialStats
}

/** v1 counts CPU time in one controller (cpuacct) and throttling in another (cpu). */
export type PartialStats = Omit<CgroupStats, 'cpu'> & { readonly cpu?: Partial<CpuStats> }
