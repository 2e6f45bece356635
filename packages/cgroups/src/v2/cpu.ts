import { parseFlatKeyed } from '../group/cgroup-text.js'
import type { Controller, FileValue } from '../resources/controller.js'
import { weightOfShares } from '../resources/cpu-weight.js'

const WEIGHT = 'cpu.weight'
const MAX = 'cpu.max'
const BURST = 'cpu.max.burst'

/** cgroup v2 cpu, see "CPU" in Documentation/admin-guide/cgroup-v2.rst. */
export const cpu: Controller = {
  name: 'cpu',

  set({ cpu: { shares, quota, period, burst, idle } = {} }, _hierarchy, read) {
    const writes: FileValue[] = []
    if (idle !== undefined) writes.push({ file: 'cpu.idle', value: idle ? '1' : '0', option: 'cpu.idle' })
    if (shares !== undefined) {
      writes.push({ file: WEIGHT, value: String(weightOfShares(shares)), option: 'cpu.shares' })
    }
    // burst <= quota is checked at every write, so it goes to 0 before the quota moves.
    if (burst !== undefined) writes.push({ file: BURST, value: '0', option: 'cpu.burst' })
    if (quota !== undefined || period !== undefined) {
      // "QUOTA PERIOD" or "QUOTA", which keeps the period; a period alone keeps the quota that stands.
      const standing = read?.(MAX)?.split(' ')[0] ?? 'max'
      const value = [quota ?? standing, ...(period === undefined ? [] : [period])].join(' ')
      writes.push({
        file: MAX,
        value,
        option: quota === undefined ? 'cpu.period' : 'cpu.quota',
        ...(period === undefined ? {} : { also: ['cpu.period'] }),
      })
    }
    if (burst) writes.push({ file: BURST, value: String(burst), option: 'cpu.burst' })
    return writes
  },

  /** CPU time is counted in every group; periods only where the controller is enabled. */
  stat(read) {
    const stat = parseFlatKeyed(read('cpu.stat'))
    if (stat.usage_usec === undefined) return {}
    return {
      cpu: {
        usage: stat.usage_usec,
        user: stat.user_usec ?? 0,
        system: stat.system_usec ?? 0,
        ...(stat.nr_periods === undefined
          ? {}
          : {
              periods: stat.nr_periods,
              throttledPeriods: stat.nr_throttled ?? 0,
              throttledTime: stat.throttled_usec ?? 0,
            }),
      },
    }
  },
}
