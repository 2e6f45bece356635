import type { Complaint } from '@rt/sys'
import { type CgroupHost, type Hierarchy, lacks } from '../host/host.js'
import type { FieldPath } from '../resources/field-path.js'
import { hugePageSizeComplaints } from '../resources/huge-pages.js'
import type { Limits } from '../resources/resources.js'
import { inseparableRules } from '../v1/devices.js'
import { tooManyRules } from '../v2/devices.js'
import { unifiedComplaints } from '../v2/unified.js'

/** How one version of cgroups carries a field out. */
export interface Side {
  /** Whose files are written; absent: the version's own. */
  readonly controller?: string
  /** What of it this hierarchy, or this kernel as far as it was looked at, cannot do. */
  readonly complaints?: (limits: Limits, hierarchy: Hierarchy, host: CgroupHost) => readonly Complaint[]
}

/** A field's two sides; a text is why a version has none. */
export interface Field {
  readonly v1: Side | string
  readonly v2: Side | string
}

/** A side whose file some kernels lack: then its neighbour is seen without it. */
const needs = (path: FieldPath, controller: string, file: string, neighbour: string, message: string): Side => ({
  controller,
  complaints: (_, hierarchy) => (lacks(hierarchy, file, neighbour) ? [{ path, message }] : []),
})

const both = (controller: string): Field => ({ v1: { controller }, v2: { controller } })

const NO_SWAP = 'this kernel does not account swap: boot it with swapaccount=1 on its command line'
const NO_BANDWIDTH = 'this kernel was built without CONFIG_CFS_BANDWIDTH'
const NO_BURST = 'a burst needs Linux 5.14 or later, with CONFIG_CFS_BANDWIDTH'
const NO_IDLE = 'idle groups need Linux 5.15 or later'
const NO_THROTTLE = 'this kernel was built without CONFIG_BLK_DEV_THROTTLING'
const NO_WEIGHT = 'this kernel has neither iocost (CONFIG_BLK_CGROUP_IOCOST) nor the BFQ scheduler loaded'

const bandwidth = (path: FieldPath): Field => ({
  v1: needs(path, 'cpu', 'cpu.cfs_quota_us', 'cpu.shares', NO_BANDWIDTH),
  v2: needs(path, 'cpu', 'cpu.max', 'cpu.weight', NO_BANDWIDTH),
})

/** Disks under BFQ have weights of their own; without either nothing weighs. v1's file is there or says ENOENT. */
const weight = (path: FieldPath): Field => ({
  v1: { controller: 'blkio' },
  v2: {
    controller: 'io',
    complaints: (_, hierarchy) =>
      lacks(hierarchy, 'io.weight', 'io.stat') && !hierarchy.files.includes('io.bfq.weight')
        ? [{ path, message: NO_WEIGHT }]
        : [],
  },
})

/**
 * What can be limited: one row a field, with how v1 does it and how v2 does it. A version that has no side for a field
 * says why in its place, and that is the complaint. A field of {@link Resources} without a row is an error of types.
 */
export const FIELDS: Readonly<Record<FieldPath, Field>> = {
  'memory.max': both('memory'),
  'memory.swap': {
    v1: needs('memory.swap', 'memory', 'memory.memsw.limit_in_bytes', 'memory.limit_in_bytes', NO_SWAP),
    v2: needs('memory.swap', 'memory', 'memory.swap.max', 'memory.max', NO_SWAP),
  },
  'memory.reservation': both('memory'),
  'cpu.shares': both('cpu'),
  'cpu.quota': bandwidth('cpu.quota'),
  'cpu.period': bandwidth('cpu.period'),
  'cpu.burst': {
    v1: needs('cpu.burst', 'cpu', 'cpu.cfs_burst_us', 'cpu.shares', NO_BURST),
    v2: needs('cpu.burst', 'cpu', 'cpu.max.burst', 'cpu.weight', NO_BURST),
  },
  'cpu.idle': {
    v1: needs('cpu.idle', 'cpu', 'cpu.idle', 'cpu.shares', NO_IDLE),
    v2: needs('cpu.idle', 'cpu', 'cpu.idle', 'cpu.weight', NO_IDLE),
  },
  'cpuset.cpus': both('cpuset'),
  'cpuset.mems': both('cpuset'),
  'pids.max': both('pids'),
  'io.weight': weight('io.weight'),
  'io.weightDevice': weight('io.weightDevice'),
  'io.throttle': {
    v1: needs('io.throttle', 'blkio', 'blkio.throttle.read_bps_device', 'blkio.reset_stats', NO_THROTTLE),
    v2: needs('io.throttle', 'io', 'io.max', 'io.stat', NO_THROTTLE),
  },
  hugetlb: {
    v1: { controller: 'hugetlb', complaints: ({ hugetlb }, _, host) => hugePageSizeComplaints(hugetlb, host) },
    v2: { controller: 'hugetlb', complaints: ({ hugetlb }, _, host) => hugePageSizeComplaints(hugetlb, host) },
  },
  rdma: both('rdma'),
  devices: {
    v1: { controller: 'devices', complaints: ({ devices }) => inseparableRules(devices) },
    // No controller there: a program is attached to the group.
    v2: { complaints: ({ devices }) => tooManyRules(devices) },
  },
  unified: {
    v1: 'files of cgroup v2 need cgroup v2, and this host has only v1 hierarchies',
    v2: { complaints: ({ unified }, hierarchy, host) => unifiedComplaints(unified, hierarchy, host) },
  },
}

/** Does a value ask for anything? An empty list or table does not, nor a device without a cap. */
const isNothing = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).every(([key, each]) => key === 'device' || isNothing(each))
    : value === undefined

/** A field's value; undefined if nothing is asked for. */
export function fieldValue(limits: Limits, path: FieldPath): unknown {
  const [part, name] = path.split('.') as [keyof Limits, string | undefined]
  const whole: unknown = limits[part]
  const value = name === undefined ? whole : (whole as Record<string, unknown> | undefined)?.[name]
  return isNothing(value) ? undefined : value
}

/** Paths of a field's entries, for complaints about all of it: `hugetlb.2MB`, `unified["memory.high"]`. */
export function entriesOf(limits: Limits, path: FieldPath): string[] {
  if (path === 'unified') return Object.keys(limits.unified ?? {}).map((file) => `unified[${JSON.stringify(file)}]`)
  if (path === 'hugetlb' || path === 'rdma') return Object.keys(limits[path] ?? {}).map((name) => `${path}.${name}`)
  return [path]
}
