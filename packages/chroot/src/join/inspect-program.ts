import { readFileSync, readlinkSync } from 'node:fs'
import { RtError, textFromBytes } from '@rt/sys'
import type { Text } from '../exec/candidates.js'
import type { Identity } from '../process/user/resolve-user.js'
import { environmentOf } from './environment-of.js'
import { firstProcess } from './first-process.js'
import { lookAtProcess } from './look-at-process.js'
import { processStatus } from './process-status.js'

/** A range of ids: a line of /proc/PID/uid_map. */
export interface IdRange {
  /** First id in the container. */
  readonly containerID: number
  /** The caller's id that it is. */
  readonly hostID: number
  readonly size: number
}

/** How a container's own program runs: what a second one in it takes over. */
export interface ProgramFacts {
  /** Of the program that the container was started with, as the host numbers it. */
  readonly pid: number
  /** Its real user and group and its groups, by the container's own numbers. */
  readonly identity: Identity
  /** Which ids of the caller the container's are; absent: it has no user namespace of its own. */
  readonly uidMap?: readonly IdRange[]
  /** `NAME=value`: the environment that the program was started with, as far as it left it alone. */
  readonly env: readonly Text[]
  /** Where it stands, as a path of the container. */
  readonly cwd: string
}

/**
 * Look at the program that a container was started with: as whom, where and with which environment a further one is to
 * run, where nothing else is asked for. From outside, through the host's /proc: nothing of the container's file system is
 * touched. Ids are the kernel's word; environment and directory are the process's own, input and not truth.
 *
 * @param pid of any process of the container, as the host numbers it
 * @throws RtError RT_NOT_FOUND if there is no such process, RT_PERMISSION if it may not be looked at, RT_UNSUPPORTED if its
 *   user has no id in the container
 */
export function inspectProgram(pid: number): ProgramFacts {
  const first = lookAtProcess(pid, () => firstProcess(pid))
  return lookAtProcess(first, () => {
    const { uid, gid, groups } = processStatus(first)
    const isMapped = readlinkSync(`/proc/${first}/ns/user`) !== readlinkSync('/proc/self/ns/user')
    const uidMap = isMapped ? idMap(first, 'uid_map') : undefined
    const gidMap = isMapped ? idMap(first, 'gid_map') : undefined
    const inside = {
      uid: insideId(uidMap, uid),
      gid: insideId(gidMap, gid),
    }
    if (inside.uid === undefined || inside.gid === undefined) {
      throw new RtError('RT_UNSUPPORTED', `the user of process ${first} has no id in its user namespace`, {
        hint: 'say which one is meant: --user',
      })
    }
    return {
      pid: first,
      identity: {
        uid: inside.uid,
        gid: inside.gid,
        // One without an id inside is of outside: it was not for the container's program to give.
        groups: groups.map((group) => insideId(gidMap, group)).filter((group) => group !== undefined),
      },
      ...(uidMap ? { uidMap } : {}),
      env: environmentOf(first),
      cwd: workingDirectoryOf(first),
    }
  })
}

/** Lines of "first inside, first outside, count", the outside ones as the reader numbers them; user_namespaces(7). */
function idMap(pid: number, file: 'uid_map' | 'gid_map'): IdRange[] {
  const lines = readFileSync(`/proc/${pid}/${file}`, 'latin1').trim().split('\n')
  return lines.map((line) => {
    const [containerID = 0, hostID = 0, size = 0] = line.trim().split(/\s+/).map(Number)
    return { containerID, hostID, size }
  })
}

function insideId(map: readonly IdRange[] | undefined, id: number): number | undefined {
  if (!map) return id
  const range = map.find(({ hostID, size }) => id >= hostID && id < hostID + size)
  return range && range.containerID + id - range.hostID
}

/** The kernel shows it from the root of its mount namespace; a plain chroot lies deeper. */
function workingDirectoryOf(pid: number): string {
  const link = (name: string) => textFromBytes(readlinkSync(`/proc/${pid}/${name}`, { encoding: 'buffer' }))
  const [root, directory] = [link('root'), link('cwd')]
  if (root === '/' || !`${directory}/`.startsWith(`${root}/`)) return directory
  return directory.slice(root.length) || '/'
}
