import { accessSync, constants, lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { AT_FDCWD, close, ERRNO, O_DIRECTORY, O_PATH, openat, RESOLVE_NO_XDEV, RtError } from '@rt/sys'
import { nul, openInRoot } from '../extract/calls.js'
import { encodeByteString } from '../tar/byte-string.js'
import { existsError, isPartial } from './staging.js'

/** Where a tree is to be, and how it gets there. */
export interface Target {
  /** Absolute, and no symlink. */
  readonly path: string
  /**
   * It is filled inside itself, not beside: nothing can be renamed to a mount point, or in a directory that the caller may
   * not write.
   */
  readonly inside: boolean
}

/**
 * Looks at a directory to be made, and refuses early what would be refused after all the work.
 *
 * @param wanted absolute path; a symlink to an empty directory is followed
 * @throws RtError RT_EXISTS unless it is absent or an empty directory (of a mount point: but for lost+found);
 *   RT_NOT_FOUND, RT_WRONG_TYPE for its parent; RT_PERMISSION for another's that can only be filled inside
 */
export function checkTarget(wanted: string): Target {
  const quoted = JSON.stringify(wanted)
  const above = look(dirname(wanted))
  if (!above) {
    const parent = JSON.stringify(dirname(wanted))
    throw new RtError('RT_NOT_FOUND', `cannot unpack to ${quoted}: directory ${parent} does not exist`)
  }
  if (!above.isDirectory()) {
    throw new RtError('RT_WRONG_TYPE', `cannot unpack to ${quoted}: ${JSON.stringify(dirname(wanted))} is no directory`)
  }
  const status = look(wanted)
  if (!status) {
    // Of a dangling symlink too: nothing is made through it, or in its place.
    if (lstatSync(wanted, { throwIfNoEntry: false })) throw existsError(wanted)
    return { path: wanted, inside: false }
  }
  if (!status.isDirectory()) throw existsError(wanted)
  const path = realpathSync(wanted)
  const parent = dirname(path)
  if (path === parent) throw existsError(wanted)
  const isMountPoint = status.dev !== statSync(parent).dev || leadsToAnotherMount(parent, basename(path))
  const inside = isMountPoint || !mayReplace(parent, status)
  if (occupants(path).some((name) => !(isMountPoint && isLostAndFound(path, name)))) throw existsError(wanted)
  if (inside && process.geteuid!() !== 0 && process.geteuid!() !== status.uid) {
    throw new RtError('RT_PERMISSION', `cannot unpack to ${quoted}: its mode and times are another user’s to set`, {
      hint: 'choose a directory of your own',
    })
  }
  return { path, inside }
}

/** What is in a directory besides trees that are being filled, or were when a run crashed. */
export const occupants = (path: string): string[] =>
  readdirSync(path).filter((name) => !isPartial(encodeByteString(name)))

/** What mkfs leaves in a file system that is as good as empty. */
export const isLostAndFound = (path: string, name: string): boolean =>
  name === 'lost+found' && lstatSync(join(path, name)).isDirectory() && readdirSync(join(path, name)).length === 0

/** A mount point on the same file system, as a bind mount is one. */
function leadsToAnotherMount(parent: string, name: string): boolean {
  const directory = openat(AT_FDCWD, parent, O_PATH | O_DIRECTORY)
  try {
    const found = openInRoot(directory, nul(encodeByteString(name)), O_PATH | O_DIRECTORY, RESOLVE_NO_XDEV)
    if (found >= 0) close(found)
    return found === -ERRNO.EXDEV
  } finally {
    close(directory)
  }
}

/** Whether the caller may put another directory in the place of an empty one. */
function mayReplace(parent: string, { uid }: Stats): boolean {
  try {
    accessSync(parent, constants.W_OK | constants.X_OK)
  } catch {
    return false // EACCES, EROFS: whatever it is, nothing can be made there
  }
  const above = statSync(parent)
  const me = process.geteuid!()
  return (above.mode & 0o1000) === 0 || me === 0 || me === uid || me === above.uid
}

function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOTDIR') return undefined
    throw new RtError('RT_PERMISSION', `cannot look at ${JSON.stringify(path)}: ${code}`, { cause })
  }
}
