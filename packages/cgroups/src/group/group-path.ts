import { join } from 'node:path/posix'
import { RtError } from '@rt/sys'
import type { CgroupHost, Hierarchy } from '../host/host.js'

/** A group in one hierarchy. */
export interface Group {
  readonly hierarchy: Hierarchy
  /** Directories between the hierarchy's top and the group, from the top down; neither is among them. */
  readonly parents: readonly string[]
  readonly directory: string
}

const NAME_MAX = 255

/** Of each controller's, of the kernel's debugging ones too, and three of version 1 without a prefix. */
const OWN_FILES =
  /^(tasks|notify_on_release|release_agent)$|^(cgroup|cpu|cpuset|cpuacct|memory|pids|io|irq|blkio|hugetlb|rdma|misc|devices|freezer|dmem|net_cls|net_prio|perf_event|debug)\./

/** What is wrong with a name on a path of groups; undefined if nothing is. */
function wrongName(name: string): string | undefined {
  if (name === '.' || name === '..') return `has "${name}" in it`
  if (/[\0\n]/.test(name)) return 'has a newline or NUL in it, which cgroupfs refuses'
  if (Buffer.byteLength(name) > NAME_MAX) return `has a name of more than ${NAME_MAX} bytes`
  // Files of a group are called so; the kernel would answer EEXIST.
  if (OWN_FILES.test(name)) {
    return `has "${name}" in it, the name of one of cgroup's own files`
  }
  return undefined
}

/**
 * The names on a group's path.
 *
 * @param path `/rt/demo`: absolute, beneath {@link Hierarchy.top}
 * @throws RtError RT_INVALID_OPTION
 */
function parseGroupPath(path: string, origin?: string): string[] {
  const names = path.split('/').filter((name) => name !== '')
  const wrong = !path.startsWith('/')
    ? 'does not start with "/"'
    : names.length === 0
      ? 'names no group below the top'
      : names.map(wrongName).find((each) => each !== undefined)
  if (wrong !== undefined) {
    throw new RtError('RT_INVALID_OPTION', `expected a path of cgroups such as /rt/demo, got ${JSON.stringify(path)}`, {
      origin,
      hint: `the path ${wrong}`,
    })
  }
  return names
}

/** The group `path` in every hierarchy in which this process may make groups. */
export function groupsOf(host: CgroupHost, path: string, origin?: string): Group[] {
  const names = parseGroupPath(path, origin)
  return host.hierarchies.flatMap((hierarchy): Group[] => {
    if (hierarchy.top === undefined) return []
    const ways = names.map((_, i) => join(hierarchy.top as string, ...names.slice(0, i + 1)))
    return [{ hierarchy, parents: ways.slice(0, -1), directory: ways.at(-1) as string }]
  })
}
