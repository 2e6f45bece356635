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

interface MountLine {
  readonly id: string
  readonly parent: string
  readonly root: string
  readonly mountPoint: string
  readonly options: readonly string[]
  readonly type: string
  readonly superOptions: readonly string[]
}

/** Octal escapes of the kernel's mangle(): space, tab, newline, backslash. */
const unmangle = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

/**
 *     36 35 98:0 /root /mount/point rw,noatime shared:1 - type source rw,super
 *     (1)(2)(3)  (4)   (5)          (6)        (7)    (8)(9)  (10)   (11)
 */
function parseLine(line: string): MountLine | undefined {
  const [before, after] = line.split(' - ')
  const [id, parent, , root, mountPoint, options] = before?.split(' ') ?? []
  const [type, , superOptions] = after?.split(' ') ?? []
  if (!id || !parent || !root || !mountPoint || !options || !type) return undefined
  return {
    id,
    parent,
    root: unmangle(root),
    mountPoint: unmangle(mountPoint),
    options: options.split(','),
    type,
    superOptions: superOptions?.split(',') ?? [],
  }
}

/** Can the mount be reached by its path, or has something been mounted over it or over a directory above it? */
function isHidden(mount: MountLine, all: readonly MountLine[]): boolean {
  const covers = (other: MountLine): boolean =>
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
  const lines = mountinfo.split('\n').flatMap((line) => parseLine(line) ?? [])
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
