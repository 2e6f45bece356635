import type { ErrnoName } from '@rt/sys'

/** As a hint gives files: by their names, or by how they begin (`memory.memsw*`). */
type Files = readonly string[]

/**
 * Why cgroupfs refuses a write, by file and errno, and what to do. The first row that matches speaks. Names rather than
 * patterns: every start asks for those of some files, and a regular expression is compiled by its first test.
 */
const HINTS: readonly (readonly [files: Files, errno: ErrnoName, hint: string])[] = [
  [
    ['memory.limit_in_bytes'],
    'EBUSY',
    'the group already uses more than this and the kernel could not reclaim it: set a higher limit, or set it before processes join',
  ],
  [
    ['memory.limit_in_bytes'],
    'EINVAL',
    'the limit for memory and swap together is lower than this one: set memory.swap with it',
  ],
  [['memory.memsw*'], 'EINVAL', 'memory and swap together cannot be less than memory.max: set both'],
  [['memory.memsw*', 'memory.swap*'], 'ENOENT', 'this kernel does not account swap: boot it with swapaccount=1'],
  [['cpu.shares', 'cpu.weight'], 'EINVAL', 'a group with cpu.idle has no shares: set cpu.idle to false first'],
  [
    ['cpu.cfs_*', 'cpu.max*'],
    'EINVAL',
    "a parent's quota is smaller, a child's is larger, or the burst that stands is larger than the quota",
  ],
  [['cpu.cfs_burst_us', 'cpu.max.burst'], 'ENOENT', 'a burst needs Linux 5.14 or later, with CONFIG_CFS_BANDWIDTH'],
  [['cpu.idle'], 'ENOENT', 'idle groups need Linux 5.15 or later'],
  [
    ['cpuset.cpus', 'cpuset.mems'],
    'EACCES',
    "these are not all in the parent group's own cpuset, which is what a child can have at most",
  ],
  [
    ['cpuset.cpus', 'cpuset.mems'],
    'EINVAL',
    'some of these do not exist or are offline, or a sibling has them exclusively',
  ],
  [['cpuset.cpus', 'cpuset.mems'], 'ERANGE', 'a number is higher than any CPU or memory node that this kernel knows'],
  [
    ['blkio.weight*', 'blkio.bfq.weight*', 'io.weight*', 'io.bfq.weight*'],
    'ENOENT',
    'weights need a disk under the BFQ scheduler, or iocost (cgroup v2)',
  ],
  [['blkio.*', 'io.*'], 'ENODEV', 'no such block device; a limit is for a whole disk, not for a partition'],
  [['blkio.*', 'io.*'], 'EINVAL', 'a limit is for a whole disk, not for a partition or a character device'],
  [['hugetlb.*'], 'ENOENT', 'this kernel has no huge pages of this size'],
  [['rdma.max'], 'ENODEV', 'no such RDMA device'],
  [['rdma.max'], 'EINVAL', 'no such RDMA device or resource'],
  [
    ['devices.allow', 'devices.deny'],
    'EPERM',
    'a group can only allow what its parent does, and CAP_SYS_ADMIN is needed',
  ],
  [['devices.allow', 'devices.deny'], 'EINVAL', 'a group that has children cannot allow or deny all devices any more'],
  [
    ['cgroup.subtree_control'],
    'EBUSY',
    'a group other than the root holds either processes or controllers for its children, not both: choose a parent without processes',
  ],
  [['cgroup.subtree_control'], 'ENOENT', "the controller is not in the group's cgroup.controllers"],
  [['cgroup.subtree_control'], 'EOPNOTSUPP', 'the group or a parent is threaded (cgroup.type)'],
  [
    ['cgroup.subtree_control'],
    'EINVAL',
    'the cpu controller cannot be enabled while realtime processes are in child groups',
  ],
  [['cgroup.subtree_control'], 'EACCES', 'this part of the tree is not delegated to this user (systemd: Delegate=yes)'],
  [['cgroup.procs'], 'EBUSY', 'the group has controllers enabled for its children, so processes can only be in those'],
  [['cgroup.procs', 'tasks'], 'ENOSPC', 'the group has no CPUs or no memory nodes: cpuset.cpus, cpuset.mems'],
  [['cgroup.procs'], 'EOPNOTSUPP', 'the group is threaded or invalid (cgroup.type): no whole process can join it'],
  [
    ['cgroup.procs'],
    'EACCES',
    'moving a process needs write access to cgroup.procs of both groups and of their common parent: start inside the delegated subtree',
  ],
  [['cgroup.procs', 'tasks'], 'EINVAL', 'a realtime process can only join a cpu group that has a realtime budget'],
  [['cgroup.max.*'], 'EINVAL', 'expected a number or "max"'],
  // A group that is being made; the name is its own, so the row matches everything and stands last.
  [['mkdir'], 'EROFS', 'cgroups are mounted read-only here, as inside a container'],
  [['mkdir'], 'EACCES', 'this part of the tree is not delegated to this user (systemd: Delegate=yes)'],
  [['mkdir'], 'EAGAIN', "a parent's cgroup.max.descendants or cgroup.max.depth is reached"],
  [['mkdir'], 'ENOSPC', 'the kernel has no room for another group: 65535 per controller, dying ones included'],
  [['mkdir'], 'ENOMEM', 'the kernel has no room for another group: 65535 per controller, dying ones included'],
  [
    ['bpf'],
    'EPERM',
    'device programs need CAP_BPF or CAP_SYS_ADMIN in the initial user namespace, so they are for root',
  ],
  [['bpf'], 'ENOSYS', 'this kernel was built without CONFIG_BPF_SYSCALL, or a seccomp filter hides bpf(2)'],
  [['bpf'], 'EINVAL', 'this kernel was built without CONFIG_CGROUP_BPF, or the group is not of cgroup v2'],
  [['bpf'], 'E2BIG', 'more than 64 programs are attached to the group'],
]

/** @param file a file's name, or `mkdir`, `bpf` for the calls */
export const cgroupHint = (file: string, errno: string | undefined): string | undefined =>
  HINTS.find(([files, name]) => name === errno && isAmong(files, file))?.[2]

/** All hints for a file, as a {@link Call} takes them. */
export const cgroupHints = (file: string): Partial<Record<ErrnoName, string>> => {
  let hints = known.get(file)
  if (hints) return hints
  hints = {}
  for (const [files, errno, hint] of HINTS) if (isAmong(files, file)) hints[errno] ??= hint
  known.set(file, hints)
  return hints
}

const isAmong = (files: Files, file: string): boolean =>
  files.some((each) => (each.endsWith('*') ? file.startsWith(each.slice(0, -1)) : file === each))

/** A step writes the same few files in every hierarchy. */
const known = new Map<string, Partial<Record<ErrnoName, string>>>()
