import { RtError } from '@rt/sys'
import { parseFlatKeyed } from '../group/cgroup-text.js'
import { reader } from '../group/group-files.js'
import type { Group } from '../group/group-path.js'
import { ticks } from '../group/ticks.js'
import { whyMissing } from '../host/absence.js'
import type { CgroupHost } from '../host/host.js'

/** Something happened in a group. */
export interface OomKill {
  readonly kind: 'oom_kill'
  /** Processes killed so far in this group or below because its memory ran out. */
  readonly total: number
}

/** v1 tells only an eventfd, which Node can't wait for. */
const POLL_INTERVAL = 100
const WATCH_INTERVAL = 1000

/**
 * Tells of OOM kills, those that happened before included; ends when the group is removed. v2: reported by the kernel
 * (memory.events); v1: memory.oom_control is read ten times a second.
 *
 * @throws RtError RT_UNSUPPORTED without a memory controller; the signal's reason
 */
export async function* oomKills(
  host: CgroupHost,
  groups: readonly Group[],
  signal?: AbortSignal,
): AsyncGenerator<OomKill> {
  const group = groups.find(({ hierarchy }) => hierarchy.controllers.includes('memory'))
  if (!group) {
    throw new RtError('RT_UNSUPPORTED', 'this host cannot tell of OOM kills', { hint: whyMissing(host, 'memory') })
  }
  for (let told = 0; ; ) {
    const total = await nextTotal(group, told, signal)
    if (total === undefined) return
    told = total
    yield { kind: 'oom_kill', total }
  }
}

/**
 * Wait until more have been killed than were told of; undefined once the group is gone. Nothing is watched between two
 * calls, so a generator that nobody asks any more holds no timer.
 */
async function nextTotal(group: Group, told: number, signal?: AbortSignal): Promise<number | undefined> {
  const v2 = group.hierarchy.version === 2
  const file = v2 ? 'memory.events' : 'memory.oom_control'
  const read = reader(group.directory)
  const watched = v2 ? { file: `${group.directory}/${file}`, interval: WATCH_INTERVAL } : { interval: POLL_INTERVAL }
  for await (const _ of ticks({ ...watched, signal })) {
    const text = read(file)
    if (text === undefined) return undefined
    const total = parseFlatKeyed(text).oom_kill ?? 0
    if (total > told) return total
  }
  return undefined
}
