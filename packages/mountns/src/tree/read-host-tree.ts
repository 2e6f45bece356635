import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { parseMountinfo, textBytes, textFromBytes } from '@rt/sys'
import type { HostEntry } from './host-tree.js'

/** Left empty: the container gets its own, and the host's sockets in /run are not for it. */
const EMPTY: ReadonlySet<string> = new Set(['/dev', '/proc', '/run', '/sys'])

/** File systems that are known to serve as a layer of an overlay; others are shown as they are. */
const LAYERS: ReadonlySet<string> = new Set([
  'bcachefs',
  'btrfs',
  'erofs',
  'ext2',
  'ext3',
  'ext4',
  'f2fs',
  'overlay',
  'squashfs',
  'tmpfs',
  'xfs',
])

/** /var is taken apart where something is mounted below it, /var/lib is not: it has too many entries. */
const DEPTH = 2

/**
 * The host's root directory as {@link hostTree} needs it. Looks at the host: at / and, where something is mounted below
 * one of its directories, at that directory too.
 */
export function readHostTree(): HostEntry[] {
  const mounts = parseMountinfo(readFileSync('/proc/self/mountinfo'))
  const points = mounts.map(({ mountPoint }) => mountPoint)
  const types = new Map(mounts.map(({ mountPoint, type }) => [mountPoint, type]))
  const entries: HostEntry[] = []
  const read = (directory: string, depth: number): void => {
    for (const name of readdirSync(textBytes(directory), { encoding: 'buffer' })) {
      const path = join(directory, textFromBytes(name))
      const status = lstatSync(textBytes(path), { throwIfNoEntry: false })
      // Gone by now.
      if (!status) continue
      const mode = status.mode & 0o7777
      const hasMountsBelow = points.some((point) => point.startsWith(`${path}/`))
      const type = types.get(path)
      if (status.isSymbolicLink()) {
        entries.push({ path, kind: 'symlink', target: readTarget(path) })
      } else if (EMPTY.has(path)) entries.push({ path, kind: 'directory', mode })
      else if (!status.isDirectory()) {
        if (status.isFile()) entries.push({ path, kind: 'file' })
      } else if (hasMountsBelow && depth < DEPTH && canRead(path)) {
        entries.push({ path, kind: 'directory', mode })
        read(path, depth + 1)
      } else if (hasMountsBelow || (type !== undefined && !LAYERS.has(type))) entries.push({ path, kind: 'bind' })
      else entries.push({ path, kind: 'overlay', mode })
    }
  }
  read('/', 1)
  return entries
}

const readTarget = (path: string): string => textFromBytes(readlinkSync(textBytes(path), { encoding: 'buffer' }))

function canRead(directory: string): boolean {
  try {
    readdirSync(textBytes(directory))
    return true
  } catch {
    // A directory of root's: shown as it is, and as closed as it is.
    return false
  }
}
