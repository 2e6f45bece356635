import { parseFlatKeyed } from '../group/cgroup-text.js'
import { exists, processesIn, reader } from '../group/group-files.js'
import type { Group } from '../group/group-path.js'
import { ticks } from '../group/ticks.js'

/** v1 reports nothing that Node can wait for (only a helper program named system-wide, release_agent). */
const POLL_INTERVAL = 25
/** In case a report is lost. */
const WATCH_INTERVAL = 1000

/** The group whose emptiness stands for all: v2's, which reports it, else the first that is there. */
function witness(groups: readonly Group[]): Group | undefined {
  const there = groups.filter(({ directory }) => exists(directory))
  return there.find(({ hierarchy }) => hierarchy.version === 2) ?? there[0]
}

/** Are there processes in the group or below it? A group that is gone has none. */
export function isPopulated(groups: readonly Group[]): boolean {
  const group = witness(groups)
  if (!group) return false
  const { directory, hierarchy } = group
  if (hierarchy.version === 2) return parseFlatKeyed(reader(directory)('cgroup.events')).populated === 1
  return processesIn(directory).length > 0
}

/** When to look whether the group is populated. */
function populationTicks(groups: readonly Group[], signal?: AbortSignal): AsyncGenerator<void> {
  const group = witness(groups)
  return group?.hierarchy.version === 2
    ? ticks({ file: `${group.directory}/cgroup.events`, interval: WATCH_INTERVAL, signal })
    : ticks({ interval: POLL_INTERVAL, signal })
}

/**
 * Resolves when no process is in the group or below it. v2: told by the kernel (cgroup.events); v1: looked at 40 times
 * a second.
 *
 * @throws the signal's reason
 */
export async function waitEmpty(groups: readonly Group[], signal?: AbortSignal): Promise<void> {
  for await (const _ of populationTicks(groups, signal)) if (!isPopulated(groups)) return
}
