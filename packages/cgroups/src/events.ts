import { RtError } from '@rt/sys'
import { whyMissing } from './availability.js'
import { parseFlatKeyed } from './cgroup-text.js'
import { reader } from './group-files.js'
import type { Group } from './group-path.js'
import type { CgroupHost } from './host.js'
import { ticks } from './ticks.js'

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
 * @throws RtError RT_UNSUPPORTED without a memory controller, RT_ABORTED
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
  const { directory, hierarchy } = group
  const read = reader(directory)
  const v2 = hierarchy.version === 2
  const file = v2 ? 'memory.events' : 'memory.oom_control'
  const watched = v2 ? { file: `${directory}/${file}`, interval: WATCH_INTERVAL } : { interval: POLL_INTERVAL }
  let told = 0
  for await (const _ of ticks({ ...watched, signal })) {
    const text = read(file)
    if (text === undefined) return
    const total = parseFlatKeyed(text).oom_kill ?? 0
    if (total > told) yield { kind: 'oom_kill', total }
    told = total
  }
}
