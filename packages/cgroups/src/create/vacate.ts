import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path/posix'
import { errnoOf, reader } from '../group/group-files.js'
import { MODE } from '../group/mark.js'
import type { CgroupHost } from '../host/host.js'

/** Where the processes go. Not marked: it is removed with the subtree by whoever delegated it. */
const LEAF = 'rt-vacated'

/** Processes may fork while they are moved. */
const ROUNDS = 10

/**
 * Make room for controllers in a delegated subtree of cgroup v2. A group other than the root can't have both
 * processes and controllers for its children ("no internal processes", cgroups(7)); a systemd scope with Delegate=yes
 * starts with our own process at its top, and so does a container. All processes that stand at the top are moved into
 * a group below it, `rt-vacated`; their limits stay the same. Does nothing if there is nothing to move.
 *
 * @returns whether processes were moved
 * @throws Error EACCES, EBUSY of the write that failed
 */
export function vacate({ hierarchies }: CgroupHost): boolean {
  const top = hierarchies.find(({ version }) => version === 2)?.top
  // The real root has no cgroup.type; it may have both.
  if (top === undefined || reader(top)('cgroup.type') === undefined) return false
  const leaf = join(top, LEAF)
  let moved = false
  for (let round = 0; round < ROUNDS; round++) {
    const pids = reader(top)('cgroup.procs')?.split('\n').filter(Boolean) ?? []
    if (pids.length === 0) break
    mkdirSync(leaf, { recursive: true, mode: MODE })
    for (const pid of pids) {
      try {
        writeFileSync(join(leaf, 'cgroup.procs'), pid)
        moved = true
      } catch (error) {
        if (errnoOf(error) !== 'ESRCH') throw error
      }
    }
  }
  return moved
}
