import { accessSync, constants, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path/posix'
import { describeCgroups } from './describe-cgroups.js'
import type { CgroupHost, Hierarchy } from './host.js'

const isWritable = (path: string): boolean => {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false // EACCES, EROFS or gone: what can't be written is what is asked
  }
}

const readOr = (path: string, otherwise: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return otherwise // a group may vanish, and an old kernel lacks files
  }
}

const listOr = (path: string): { name: string; isDirectory(): boolean }[] => {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch {
    return []
  }
}

/** From the mount point down to our own group, both included. */
function wayDown({ mountPoint, own }: Hierarchy): string[] {
  const way = [mountPoint]
  if (own === undefined) return way
  for (const name of own.slice(mountPoint.length).split('/').filter(Boolean)) way.push(join(way.at(-1) as string, name))
  return way
}

/**
 * The highest writable directory on the way to our own group. Delegation (v2: chown of the directory, cgroup.procs and
 * cgroup.subtree_control; see "Delegation" in the kernel's cgroup-v2.rst) hands over a whole subtree, and a process can
 * only be moved between groups whose common ancestor's cgroup.procs may be written.
 */
function topOf(hierarchy: Hierarchy): string | undefined {
  if (hierarchy.readOnly) return undefined
  const files = hierarchy.version === 2 ? ['', 'cgroup.procs', 'cgroup.subtree_control'] : ['', 'cgroup.procs']
  return wayDown(hierarchy).find((directory) => files.every((file) => isWritable(join(directory, file))))
}

/** v1's controllers whose files depend on how the kernel was built or booted; for the others nothing is listed. */
const VARYING = ['memory', 'cpu', 'blkio']

/** v1's root has nearly all files that groups have; v2's has few, so groups below it are looked at instead. */
function filesOf({ version, mountPoint, own, controllers }: Hierarchy): string[] {
  if (version === 1) {
    return VARYING.some((name) => controllers.includes(name)) ? listOr(mountPoint).map(({ name }) => name) : []
  }
  const child = listOr(mountPoint).find((entry) => entry.isDirectory())
  const samples = [own === mountPoint ? undefined : own, child && join(mountPoint, child.name)]
  return [...new Set(samples.flatMap((sample) => (sample ? listOr(sample).map(({ name }) => name) : [])))]
}

function look(hierarchy: Hierarchy): Hierarchy {
  const top = topOf(hierarchy)
  const found = { ...hierarchy, files: filesOf(hierarchy), ...(top === undefined ? {} : { top }) }
  if (hierarchy.version === 1) return found
  const controllers = readOr(join(top ?? hierarchy.own ?? hierarchy.mountPoint, 'cgroup.controllers'), '')
  return { ...found, controllers: controllers.split(/\s+/).filter(Boolean) }
}

/** `hugepages-2048kB` → `2MB`, the spelling of hugetlb's files (mem_fmt in mm/hugetlb_cgroup.c). */
function hugePageSizes(): string[] {
  return listOr('/sys/kernel/mm/hugepages').flatMap(({ name }) => {
    const kib = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1])
    if (!kib) return []
    return kib >= 2 ** 20 ? `${kib / 2 ** 20}GB` : kib >= 1024 ? `${kib / 1024}MB` : `${kib}KB`
  })
}

/**
 * Look at this host's cgroups: which hierarchies are mounted, which controllers are where, where this process is, and
 * beneath which directory it may make groups. Reads /proc/self/mountinfo, /proc/self/cgroup and a few directories (well
 * under a millisecond) and changes nothing. On a system without /proc or without cgroups the mode is `none`.
 */
export function detectCgroups(): CgroupHost {
  const host = describeCgroups(readOr('/proc/self/mountinfo', ''), readOr('/proc/self/cgroup', ''))
  return { ...host, hierarchies: host.hierarchies.map(look), hugePageSizes: hugePageSizes() }
}
