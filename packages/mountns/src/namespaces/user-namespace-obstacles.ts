import { readFileSync } from 'node:fs'
import { parseMountinfo } from '@rt/sys'

/** Something on this host that keeps a plain user from making a user namespace, and the remedy. */
export interface Obstacle {
  /** The file or fact. */
  readonly what: string
  readonly found: string
  readonly remedy: string
}

interface Knob {
  readonly path: string
  readonly forbids: (value: string) => boolean
  readonly remedy: string
}

const KNOBS: readonly Knob[] = [
  {
    path: '/proc/sys/user/max_user_namespaces',
    forbids: (value) => value === '0',
    remedy: 'sysctl -w user.max_user_namespaces=15000',
  },
  {
    // A patch of Debian and Ubuntu; allowed by default since Debian 11.
    path: '/proc/sys/kernel/unprivileged_userns_clone',
    forbids: (value) => value === '0',
    remedy: 'sysctl -w kernel.unprivileged_userns_clone=1',
  },
  {
    // Ubuntu 23.10 and later: the namespace can be made, but holds no capabilities.
    path: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    forbids: (value) => value === '1',
    remedy:
      'give the program an AppArmor profile with `userns,`, or sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
  },
]

/**
 * What forbids user namespaces to a plain user here. Looks at the host. Not all can be seen from outside: a seccomp
 * filter of an outer container is noticed only by trying.
 *
 * @param read for tests: the text of a file, undefined if there is none
 */
export function userNamespaceObstacles(read: (path: string) => string | undefined = readKnob): Obstacle[] {
  const obstacles: Obstacle[] = KNOBS.flatMap(({ path, forbids, remedy }) => {
    const value = read(path)?.trim()
    return value !== undefined && forbids(value) ? [{ what: path, found: value, remedy }] : []
  })
  if (read('/proc/self/uid_map') === undefined) {
    obstacles.push({
      what: '/proc/self/uid_map',
      found: 'missing',
      remedy: 'a kernel with CONFIG_USER_NS=y, and /proc',
    })
  }
  // A chrooted process may not make one. Its table of mounts has no root, unless the chroot is itself a mount point.
  const mountinfo = read('/proc/self/mountinfo')
  if (mountinfo !== undefined && !parseMountinfo(mountinfo).some(({ mountPoint }) => mountPoint === '/')) {
    obstacles.push({ what: 'the root directory', found: 'a chroot', remedy: 'start from outside the chroot' })
  }
  return obstacles
}

function readKnob(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Absent or unreadable: this kernel has no such knob, or hides it.
    return undefined
  }
}
