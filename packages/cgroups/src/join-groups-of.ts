import { readFileSync } from 'node:fs'
import type { Step } from '@rt/program'
import { RtError } from '@rt/sys'
import { errnoOf } from './group/group-files.js'
import { describeCgroups } from './host/describe-cgroups.js'
import { enterBeforeClone } from './join.js'

/**
 * A step that puts the container's init into the groups of a running process: what `exec` into a container needs.
 * Groups that this process can't see through any mount are left out, and so are those that it is in itself, where there is
 * nothing to enter: a plain user may not write `tasks` of the root's group, in which containers without a limit are.
 * Looks at the host: the groups are those of now.
 *
 * @param pid as this process sees it
 * @throws RtError RT_NOT_FOUND if there is no such process
 */
export function joinGroupsOf(pid: number, origin?: string): Step {
  const mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')
  const groupsOf = (each: number | 'self') => describeCgroups(mountinfo, cgroupOf(each)).hierarchies
  const own = new Set(groupsOf('self').map((hierarchy) => hierarchy.own))
  const groups = groupsOf(pid).flatMap((hierarchy) =>
    hierarchy.own === undefined || own.has(hierarchy.own) ? [] : [{ hierarchy, directory: hierarchy.own }],
  )
  return {
    name: `cgroups of process ${pid}`,
    why: "its container's limits hold for what is started in it",
    ...(origin === undefined ? {} : { origin }),
    joins: true,
    ...enterBeforeClone(groups),
  }
}

function cgroupOf(pid: number | 'self'): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8')
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ESRCH') throw error
    throw new RtError('RT_NOT_FOUND', `there is no process ${pid}`, { cause: error })
  }
}
