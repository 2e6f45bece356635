import { kill, RtError, SIGNALS } from '@rt/sys'
import { errnoOf, exists, isAbsent, processesIn, writeGroupFile } from '../group/group-files.js'
import type { Group } from '../group/group-path.js'
import { ticks } from '../group/ticks.js'
import { freezerOf, setFrozen } from './freezer.js'

/** Milliseconds between two rounds. */
const INTERVAL = 10
/** Rounds in which processes may still be there: 2 s. A process in uninterruptible sleep dies only when it wakes. */
const ROUNDS = 200

const pidsOf = (groups: readonly Group[]): number[] => [
  ...new Set(groups.flatMap(({ directory }) => processesIn(directory))),
]

function signalAll(pids: readonly number[]): void {
  for (const pid of pids) {
    // 0 is a process that our pid namespace doesn't show; kill(0) would be our own process group.
    if (pid === 0) continue
    try {
      kill(pid, SIGNALS.SIGKILL)
    } catch (error) {
      if (errnoOf(error) !== 'ESRCH') throw error
    }
  }
}

/** v1: nobody may fork or die between reading the pids and signalling them, so the group is frozen meanwhile. */
async function killFrozen(groups: readonly Group[], signal?: AbortSignal): Promise<void> {
  const hasFreezer = freezerOf(groups) !== undefined
  if (hasFreezer) await setFrozen(groups, true, signal)
  try {
    signalAll(pidsOf(groups))
  } finally {
    if (hasFreezer) await setFrozen(groups, false, signal)
  }
}

/**
 * Kill every process of a group and of those below it: cgroup.kill (v2, Linux 5.14), else freeze, signal and thaw.
 * Resolves when none is left.
 *
 * @throws RtError RT_BUSY if some are still there after two seconds; SyscallError; the signal's reason
 */
export async function killGroup(groups: readonly Group[], signal?: AbortSignal): Promise<void> {
  const v2 = groups.find(({ hierarchy }) => hierarchy.version === 2)
  let rounds = 0
  for await (const _ of ticks({ interval: INTERVAL, signal })) {
    const pids = pidsOf(groups)
    if (pids.length === 0) return
    if (rounds++ === ROUNDS) {
      throw new RtError('RT_BUSY', `processes ${pids.join(', ')} of the cgroup do not die`, {
        hint: 'they sleep uninterruptibly, most often in disk or network I/O (state D in ps)',
      })
    }
    try {
      if (v2 && exists(v2.directory)) {
        await writeGroupFile(v2.directory, 'cgroup.kill', '1')
        // On a hybrid host somebody may have put a process in a v1 hierarchy alone.
        if (rounds > 1) signalAll(pids)
      } else await killFrozen(groups, signal)
    } catch (error) {
      // The group went away: nothing is left to kill.
      if (!isAbsent(error)) throw error
    }
  }
}
