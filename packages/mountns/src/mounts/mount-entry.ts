import { quote } from '@rt/sys'
import type { CgroupLayout } from './cgroup-layout.js'

/** A mount, in the words of OCI's `mounts` and of fstab(5). */
export interface Mount {
  /** File system type, or `bind`; default `bind`. */
  readonly type?: string
  /** What is mounted: for a bind an absolute path outside, else what mount tables show (default: the type). */
  readonly source?: string
  /** Absolute path in the container; made if missing. */
  readonly destination: string
  /** Words such as `ro`, `nosuid`, `rbind`, `rslave`, `size=64m`; see {@link MOUNT_OPTIONS}. */
  readonly options?: readonly string[]
  /**
   * For type `cgroup`: the host's, whose groups are shown. Left out it is asked for: the one look at the host that a mount
   * takes.
   */
  readonly layout?: CgroupLayout
  /** The option or config field that asked for it. */
  readonly origin?: string
  /** Its place in config.json's `mounts`, for names and complaints. */
  readonly index?: number
}

/** The name of a mount's step. */
export const mountName = ({ destination, index }: Pick<Mount, 'destination' | 'index'>): string =>
  index === undefined ? `mount ${quote(destination)}` : `mounts[${index}] ${quote(destination)}`

/** The field of a mount that a complaint is about. */
export const mountField = (mount: Pick<Mount, 'index'>, field: string): string =>
  mount.index === undefined ? field : `mounts[${mount.index}].${field}`
