import { parseAmount, parseFlatKeyed } from '../group/cgroup-text.js'
import { minusOne } from '../resources/amount.js'
import type { Controller, FileValue } from '../resources/controller.js'

const LIMIT = 'memory.limit_in_bytes'
const WITH_SWAP = 'memory.memsw.limit_in_bytes'

/**
 * cgroup v1 memory, see Documentation/admin-guide/cgroup-v1/memory.rst. A limit below what is charged already makes
 * the kernel reclaim, and fails with EBUSY if that isn't enough.
 */
export const memory: Controller = {
  name: 'memory',

  set({ memory: { max, swap, reservation } = {} }) {
    const writes: FileValue[] = []
    // memory <= memory+swap holds at every moment: the outer limit goes out of the way before the inner one moves,
    // up or down.
    if (swap !== undefined && max !== undefined) writes.push({ file: WITH_SWAP, value: '-1', option: 'memory.swap' })
    if (max !== undefined) writes.push({ file: LIMIT, value: minusOne(max), option: 'memory.max' })
    if (swap !== undefined && (swap !== 'max' || max === undefined)) {
      writes.push({ file: WITH_SWAP, value: minusOne(swap), option: 'memory.swap' })
    }
    if (reservation !== undefined) {
      writes.push({
        file: 'memory.soft_limit_in_bytes',
        value: minusOne(reservation),
        option: 'memory.reservation',
      })
    }
    return writes
  },

  stat(read) {
    const current = read('memory.usage_in_bytes')
    if (current === undefined) return {}
    const detail = parseFlatKeyed(read('memory.stat'))
    // The total_ fields count children, as usage_in_bytes does.
    const field = (name: string) => detail[`total_${name}`] ?? detail[name] ?? 0
    const withSwap = read('memory.memsw.usage_in_bytes')
    return {
      memory: {
        current: Number(current),
        max: parseAmount(read(LIMIT)),
        peak: Number(read('memory.max_usage_in_bytes') ?? current),
        ...(withSwap === undefined ? {} : { swap: { current: Number(withSwap), max: parseAmount(read(WITH_SWAP)) } }),
        anon: field('rss'),
        file: field('cache'),
        inactiveFile: field('inactive_file'),
        // With swap limited as memory is, it is the common limit that is met.
        failures: Number(read('memory.failcnt') ?? 0) + Number(read('memory.memsw.failcnt') ?? 0),
        // Linux 4.13
        oomKills: parseFlatKeyed(read('memory.oom_control')).oom_kill ?? 0,
        detail,
      },
    }
  },
}
