import type { CgroupHost } from '@rt/cgroups'
import { type Check, type Host, ok, warn } from './check.js'

/** The controllers behind the options of `rt run`; v2 has no controller for devices, it asks a program. */
const NEEDED = ['memory', 'cpu', 'cpuset', 'pids', 'devices'] as const

/** Which cgroups there are, what can be limited, and where groups can be made. */
export function cgroupCheck({ cgroups, uid }: Host): Check {
  const name = 'cgroups'
  const { mode, hierarchies } = cgroups
  if (mode === 'none')
    return warn(
      name,
      'no cgroup file system is mounted: nothing can be limited',
      'mount -t cgroup2 cgroup2 /sys/fs/cgroup',
    )
  const usable = hierarchies.filter(({ top }) => top !== undefined)
  const controllers = new Set(usable.flatMap((each) => each.controllers))
  if (usable.some(({ version }) => version === 2) && uid === 0) controllers.add('devices')
  const missing = NEEDED.filter((each) => !controllers.has(each) && !(each === 'devices' && uid !== 0))
  const found = `${MODES[mode]}; ${describe(cgroups)}`
  if (missing.length === 0) return ok(name, found)
  if (uid !== 0) {
    const remedy = 'cgroup v2 with a delegated subtree: systemd-run --user --scope -p Delegate=yes rt …, or run as root'
    return warn(name, `${found}; not for a plain user: ${missing.join(', ')}`, remedy)
  }
  const readOnly = hierarchies.every((each) => each.readOnly)
  const remedy = readOnly
    ? 'an outer container mounts them read-only: start that one as privileged'
    : 'boot with cgroup_enable=memory, or a kernel that has these controllers'
  return warn(name, `${found}; cannot limit ${missing.join(', ')}`, remedy)
}

const MODES: Readonly<Record<Exclude<CgroupHost['mode'], 'none'>, string>> = {
  v1: 'version 1',
  v2: 'version 2',
  hybrid: 'hybrid: versions 1 and 2',
}

const describe = ({ hierarchies }: CgroupHost): string =>
  ([1, 2] as const)
    .flatMap((version) => {
      const controllers = hierarchies.filter((each) => each.version === version).flatMap((each) => each.controllers)
      return hierarchies.some((each) => each.version === version)
        ? [`v${version}: ${controllers.join(' ') || 'no controller'}`]
        : []
    })
    .join(', ')

/** systemd owns the cgroups where it runs, and makes mounts shared. */
export const systemdCheck = (host: Host): Check =>
  ok(
    'systemd',
    host.exists('/run/systemd/system')
      ? 'runs here: mounts are shared, rt makes its copies private'
      : 'does not run here',
  )
