import { readFileSync } from 'node:fs'
import { parseMountinfo } from '@rt/sys'
import type { RootChange } from './change-root.js'

/**
 * How the root can be changed on this host: `move` where it runs from its initramfs, else `pivot_root`. A look at the
 * host, for the caller to pass on as `root(tree, mounts, { change })`.
 *
 * The root of an initramfs is the mount that has no parent: pivot_root(2) refuses it with EINVAL, and in
 * mountinfo it names itself as its parent.
 */
export function neededRootChange(mountinfo: Uint8Array | string = readFileSync('/proc/self/mountinfo')): RootChange {
  // Mounts stacked on / come later in the list; the last is the one in sight.
  const root = parseMountinfo(mountinfo).findLast(({ mountPoint }) => mountPoint === '/')
  return root !== undefined && root.id === root.parent ? 'move' : 'pivot_root'
}
