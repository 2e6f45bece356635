import { rmdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { lgetxattr, RtError } from '@rt/sys'
import { errnoOf, groupTree, isAbsent, processesIn } from '../group/group-files.js'
import type { Group } from '../group/group-path.js'
import { MARK, OURS } from '../group/mark.js'

/** Pauses between tries, in milliseconds: 2 s in all. */
const PAUSES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000]

/** Remove one group; a process that just died, or a child that just went, keeps it busy for a moment. */
async function removeOne(directory: string): Promise<void> {
  for (const pause of [...PAUSES, undefined]) {
    try {
      return await rmdir(directory)
    } catch (error) {
      if (isAbsent(error)) return
      if (errnoOf(error) !== 'EBUSY') throw error
      const pids = pause === undefined ? processesIn(directory) : []
      if (pause === undefined) {
        throw new RtError('RT_BUSY', `cannot remove the cgroup "${directory}"`, {
          hint: pids.length > 0 ? `processes ${pids.join(', ')} are in it: kill() them, or waitEmpty()` : undefined,
          cause: error,
        })
      }
    }
    await sleep(pause)
  }
}

/** Undefined if it is gone. */
const isMarked = (directory: string): boolean | undefined => {
  try {
    return lgetxattr(directory, MARK).length === OURS.length
  } catch (error) {
    if (isAbsent(error)) return undefined
    if (errnoOf(error) === 'ENODATA') return false
    throw error
  }
}

/** Remove parents that rt made, from the bottom up, as far as nobody uses them. */
export async function removeParents({ parents }: Pick<Group, 'parents'>): Promise<void> {
  for (const parent of parents.toReversed()) {
    const isOurs = isMarked(parent)
    if (isOurs === false) return
    try {
      if (isOurs) await rmdir(parent)
    } catch (error) {
      if (errnoOf(error) === 'EBUSY') return
      // Another container has left, too, and removed it.
      if (!isAbsent(error)) throw error
    }
  }
}

/**
 * Remove a group, the groups below it, and parents that rt made and that are empty now. What is gone already is no
 * error.
 *
 * @throws RtError RT_BUSY if processes are in it, after two seconds
 */
export async function removeGroup(groups: readonly Group[]): Promise<void> {
  for (const group of groups) {
    for (const directory of groupTree(group.directory).toReversed()) await removeOne(directory)
    await removeParents(group)
  }
}
