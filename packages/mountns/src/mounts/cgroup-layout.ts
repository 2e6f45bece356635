import { readFileSync } from 'node:fs'
import { type MountInfo, parseMountinfo } from '@rt/sys'

/** Which cgroup file systems the host has. */
export type CgroupLayout =
  | { readonly version: 2 }
  /** Version 1, with or without a version 2 hierarchy beside it (hybrid). */
  | {
      readonly version: 1
      /** Each a comma-separated list of controllers, or `name=systemd`. */
      readonly hierarchies: readonly string[]
    }

/**
 * The layout that the mounts of a host (parseMountinfo) show.
 *
 * @param mounts default: this host's, which is a look at it
 */
export function cgroupLayout(
  mounts: readonly MountInfo[] = parseMountinfo(readFileSync('/proc/self/mountinfo')),
): CgroupLayout {
  const hierarchies = mounts
    .filter(({ type }) => type === 'cgroup')
    .map(({ superOptions }) => superOptions.filter((word) => !NOT_A_CONTROLLER.test(word)).join(','))
  return hierarchies.length ? { version: 1, hierarchies: [...new Set(hierarchies)] } : { version: 2 }
}

const NOT_A_CONTROLLER = /^(?:rw|ro|xattr|noprefix|clone_children|cpuset_v2_mode|release_agent=.*|favordynmods)$/
