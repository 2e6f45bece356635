import { type MountInfo, parseMountinfo } from '@rt/sys'

/** A cgroup file system in a mount table. */
export interface CgroupMount {
  readonly version: 1 | 2
  readonly mountPoint: string
  /** The group that the mount shows as its top: `/`, or the container's own inside Docker on v1. */
  readonly root: string
  /** v1 only. */
  readonly controllers: readonly string[]
  /** v1: `name=` of a hierarchy without controllers. */
  readonly name?: string
  readonly readOnly: boolean
}

/** cgroup v1 controllers, from include/linux/cgroup_subsys.h; mount options are whatever isn't one of them. */
const V1_CONTROLLERS = new Set([
  'blkio',
  'cpu',
  'cpuacct',
  'cpuset',
  'debug',
  'devices',
  'freezer',
  'hugetlb',
  'memory',
  'misc',
  'net_cls',
  'net_prio',
  'perf_event',
  'pids',
  'rdma',
])

/** Can the mount be reached by its path, or has something been mounted over it or over a directory above it? */
function isHidden(mount: MountInfo, all: readonly MountInfo[]): boolean {
  const covers = (other: MountInfo): boolean =>
    other !== mount &&
    ((other.parent === mount.id && other.mountPoint === mount.mountPoint) ||
      (other.parent === mount.parent && mount.mountPoint.startsWith(`${other.mountPoint}/`)))
  if (all.some(covers)) return true
  const parent = all.find((other) => other.id === mount.parent && other.id !== mount.id)
  return parent !== undefined && isHidden(parent, all)
}

/**
 * The cgroup mounts of a mount table that can be reached, in its order.
 *
 * @param mountinfo the text of /proc/PID/mountinfo, see proc_pid_mountinfo(5)
 */
export function parseCgroupMounts(mountinfo: string): CgroupMount[] {
  const lines = parseMountinfo(mountinfo)
  return lines
    .filter(({ type }) => type === 'cgroup' || type === 'cgroup2')
    .filter((line) => !isHidden(line, lines))
    .map(({ type, mountPoint, root, options, superOptions }) => {
      const name = superOptions.find((option) => option.startsWith('name='))?.slice(5)
      return {
        version: type === 'cgroup2' ? 2 : 1,
        mountPoint,
        root,
        controllers: type === 'cgroup' ? superOptions.filter((option) => V1_CONTROLLERS.has(option)) : [],
        ...(name === undefined ? {} : { name }),
        readOnly: options.includes('ro') || superOptions.includes('ro'),
      }
    })
}
