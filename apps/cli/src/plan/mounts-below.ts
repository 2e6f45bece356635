import { readFileSync, realpathSync } from 'node:fs'
import { bind, parseMountinfo } from '@rt/mountns'
import type { Step } from '@rt/program'

/** The container has its own, whatever a chroot has left mounted there. */
const OWN = ['/dev', '/proc', '/sys'] as const

/**
 * What is mounted below a directory, as read-only mounts of a container whose root is a layer over that directory: a
 * layer is one file system, without what is mounted in it. A look at the host.
 */
export function mountsBelow(directory: string, origin: string): Step[] {
  const top = realpathSync(directory).replace(/\/$/, '')
  const below = parseMountinfo(readFileSync('/proc/self/mountinfo'))
    .filter(({ mountPoint }) => mountPoint.startsWith(`${top}/`))
    .map(({ mountPoint }) => mountPoint.slice(top.length))
  const isIn = (path: string, outer: string): boolean => path.startsWith(`${outer}/`)
  const outermost = [...new Set(below)].filter(
    (path) => !below.some((other) => isIn(path, other)) && !OWN.some((other) => path === other || isIn(path, other)),
  )
  return outermost.map((destination) =>
    bind({ source: `${top}${destination}`, destination, options: ['rbind', 'rro'], origin }),
  )
}
