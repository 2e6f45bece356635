import { closeSync, constants, lstatSync, readlinkSync } from 'node:fs'
import { posix } from 'node:path'
import { SyscallError, textBytes, textFromBytes } from '@rt/sys'
import { openPathInRoot } from './path-in-root.js'

/**
 * Does the way to a path, symlinks and all, lead through or to one of these places? Then what is mounted there decides
 * what the path is, and the root directory alone can't tell. A symlink to nowhere counts: it may lead there. A look at
 * the host.
 *
 * @param rootFd fd of the root directory
 * @param path absolute, in the root
 * @param places absolute, in the root: where something will be mounted
 */
export function isCovered(rootFd: number, path: string, places: readonly string[]): boolean {
  if (places.length === 0) return false
  const root = pathOfFd(rootFd).replace(/\/$/, '')
  const isAtOrIn = (real: string): boolean => places.some((place) => real === place || real.startsWith(`${place}/`))
  let parent = ''
  for (const name of posix.resolve('/', path).split('/').slice(1)) {
    const here = `${parent}/${name}`
    const real = realPath(rootFd, root, here)
    // Not there: it is the name in its parent that would be mounted on, or a symlink that leads on to who knows where.
    if (real === undefined) return isAtOrIn(here) || isSymlink(`${root}${here}`)
    if (isAtOrIn(real)) return true
    parent = real === '/' ? '' : real
  }
  return false
}

/** Where a path leads in the root; undefined if nothing is there. */
function realPath(rootFd: number, root: string, path: string): string | undefined {
  let place: number | undefined
  try {
    place = openPathInRoot(rootFd, path)
  } catch (error) {
    if (SyscallError.isInstance(error) && (error.code === 'ENOTDIR' || error.code === 'ELOOP')) return undefined
    throw error
  }
  if (place === undefined) return undefined
  try {
    return pathOfFd(place).slice(root.length) || '/'
  } finally {
    closeSync(place)
  }
}

const pathOfFd = (fd: number): string => textFromBytes(readlinkSync(`/proc/self/fd/${fd}`, { encoding: 'buffer' }))

const isSymlink = (path: string): boolean =>
  ((lstatSync(textBytes(path), { throwIfNoEntry: false })?.mode ?? 0) & constants.S_IFMT) === constants.S_IFLNK
