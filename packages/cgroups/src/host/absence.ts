import type { CgroupHost, Hierarchy } from './host.js'

const list = (names: readonly string[]): string => (names.length > 0 ? names.join(', ') : 'none')

/** Why there is no such controller, and what helps. */
export function whyMissing(host: CgroupHost, name: string): string {
  if (host.mode === 'none') return 'no cgroup file system is mounted: mount one on /sys/fs/cgroup'
  const v2 = host.hierarchies.find((each) => each.version === 2)
  const all = host.hierarchies.flatMap(({ controllers }) => controllers)
  if (host.mode === 'v2' && v2?.top !== undefined && v2.top !== v2.mountPoint) {
    return (
      `the ${name} controller is not delegated to "${v2.top}" (which has ${list(v2.controllers)}): ` +
      `run below a systemd unit with Delegate=${name}, for all users by "systemctl edit user@.service"`
    )
  }
  const boot = name === 'memory' ? '; Raspberry Pi OS and old Debian want cgroup_enable=memory at boot' : ''
  return `no ${name} controller in any mounted hierarchy (there are: ${list(all)})${boot}`
}

/** Why nothing can be made in a hierarchy, and what helps. */
export function whyClosed({ readOnly, mountPoint, own, version }: Hierarchy): string {
  if (readOnly) return `"${mountPoint}" is mounted read-only, as it is inside a container`
  if (version === 1) return `"${mountPoint}" is not writable: cgroup v1 is for root`
  return (
    `not delegated: "${own ?? mountPoint}" is not writable by this user; start with ` +
    '"systemd-run --user --scope -p Delegate=yes", or run below a systemd unit with Delegate=yes'
  )
}
