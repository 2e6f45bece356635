import { join } from 'node:path/posix'
import { type CgroupMount, parseCgroupMounts } from './cgroup-mounts.js'
import type { CgroupHost, Hierarchy } from './host.js'
import { type Membership, parseProcCgroup } from './proc-cgroup.js'

/** Are this mount and this line of /proc/PID/cgroup about the same hierarchy? */
const concerns = (mount: CgroupMount, { hierarchy, controllers, name }: Membership): boolean => {
  if (mount.version === 2) return hierarchy === 0
  if (mount.name !== undefined) return name === mount.name
  const [first] = mount.controllers
  return first !== undefined && controllers.includes(first)
}

/**
 * The directory of the group `path` under a mount that shows `root` as its top. Paths of both are as seen from the
 * cgroup namespace; what starts with `/..` lies outside it and is found only if the mount's root does too.
 */
function directoryOf(mount: CgroupMount, path: string): string | undefined {
  const { root, mountPoint } = mount
  if (path === root) return mountPoint
  const prefix = root === '/' ? '/' : `${root}/`
  if (path.startsWith('/..') || !path.startsWith(prefix)) return undefined
  return join(mountPoint, path.slice(prefix.length))
}

/** Which of several mounts of one hierarchy to use: one that shows our own group, and can be written. */
const usefulness = ({ own, readOnly }: Hierarchy): number => (own === undefined ? 0 : 2) + (readOnly ? 0 : 1)

/** The key that all mounts of one hierarchy share. */
const identity = ({ version, controllers, name }: Hierarchy): string =>
  version === 2 ? 'v2' : `${[...controllers].sort().join()} ${name ?? ''}`

/**
 * What two texts of /proc say about a host's cgroups. Nothing is looked at: v2's controllers, {@link Hierarchy.top}
 * and {@link Hierarchy.files} are found by {@link detectCgroups}.
 *
 * @param mountinfo text of /proc/self/mountinfo
 * @param procCgroup text of /proc/self/cgroup
 */
export function describeCgroups(mountinfo: string, procCgroup: string): CgroupHost {
  const memberships = parseProcCgroup(procCgroup)
  const best = new Map<string, Hierarchy>()
  for (const mount of parseCgroupMounts(mountinfo)) {
    const membership = memberships.find((each) => concerns(mount, each))
    const own = membership && directoryOf(mount, membership.path)
    const { root: _, ...rest } = mount
    const hierarchy: Hierarchy = { ...rest, ...(own === undefined ? {} : { own }), files: [] }
    const known = best.get(identity(hierarchy))
    if (!known || usefulness(hierarchy) > usefulness(known)) best.set(identity(hierarchy), hierarchy)
  }
  const hierarchies = [...best.values()]
  const versions = new Set(hierarchies.map(({ version }) => version))
  const mode = versions.size === 2 ? 'hybrid' : versions.has(2) ? 'v2' : versions.has(1) ? 'v1' : 'none'
  return { mode, hierarchies, hugePageSizes: [] }
}
