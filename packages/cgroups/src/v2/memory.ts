import { parseAmount, parseFlatKeyed } from '../group/cgroup-text.js'
import type { Controller, FileValue } from '../resources/controller.js'

/** cgroup v2 memory, see "Memory" in Documentation/admin-guide/cgroup-v2.rst. */
export const memory: Controller = {
  name: 'memory',

  set({ memory: { max, swap, reservation } = {} }) {
    const writes: FileValue[] = []
    if (swap !== undefined) {
      // Swap alone: what the common limit leaves above memory. parseResources has seen to swap >= max.
      const alone = swap === 'max' ? 'max' : String(swap - Number(max))
      writes.push({ file: 'memory.swap.max', value: alone, option: 'memory.swap' })
    }
    // Setting memory.max reclaims, and then kills; so what may be swapped to is known before.
    if (max !== undefined) writes.push({ file: 'memory.max', value: String(max), option: 'memory.max' })
    if (reservation !== undefined) {
      writes.push({ file: 'memory.low', value: String(reservation), option: 'memory.reservation' })
    }
    return writes
  },

  stat(read) {
    const current = read('memory.current')
    if (current === undefined) return {}
    const detail = parseFlatKeyed(read('memory.stat'))
    const events = parseFlatKeyed(read('memory.events'))
    const swap = read('memory.swap.current')
    const peak = read('memory.peak')
    return {
      memory: {
        current: Number(current),
        max: parseAmount(read('memory.max')),
        ...(peak === undefined ? {} : { peak: Number(peak) }),
        ...(swap === undefined ? {} : { swap: { current: Number(swap), max: parseAmount(read('memory.swap.max')) } }),
        anon: detail.anon ?? 0,
        file: detail.file ?? 0,
        inactiveFile: detail.inactive_file ?? 0,
        failures: events.max ?? 0,
        oomKills: events.oom_kill ?? 0,
        detail,
      },
    }
  },
}
