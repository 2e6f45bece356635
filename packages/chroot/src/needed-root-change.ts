import { readFileSync } from 'node:fs'
import type { RootChange } from './change-root.js'

/**
 * How the root can be changed on this host: `move` where it runs from its initramfs, else `pivot_root`. A look at the
 * host, for the caller to pass on as `root(tree, mounts, { change })`.
 *
 * The root of an initramfs is the mount that has no parent: pivot_root(2) refuses it with EINVAL, and its line in
 * mountinfo names itself as its parent (proc_pid_mountinfo(5): mount id, parent id, device, root, mount point).
 */
export function neededRootChange(mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): RootChange {
  const rootMounts = mountinfo
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields[4] === '/')
  // Mounts stacked on / come later in the list; the last is the one in sight.
  const [id, parent] = rootMounts.at(-1) ?? []
  return id !== undefined && id === parent ? 'move' : 'pivot_root'
}
