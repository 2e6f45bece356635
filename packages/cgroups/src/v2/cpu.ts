import type { Complaint } from '@rt/sys'
import { parseFlatKeyed } from '../cgroup-text.js'
import type { Controller, FileValue } from '../controller.js'
import { weightOfShares } from '../cpu-weight.js'
import { lacks } from '../host.js'

const WEIGHT = 'cpu.weight'
const MAX = 'cpu.max'
const BURST = 'cpu.max.burst'

/** cgroup v2 cpu, see "CPU" in Documentation/admin-guide/cgroup-v2.rst. */
export const cpu: Controller = {
  name: 'cpu',

  isSet: ({ cpu }) =>
    [cpu?.shares, cpu?.quota, cpu?.period, cpu?.burst, cpu?.idle].some((value) => value !== undefined),

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
      writes.push({ file: MAX, value, option: quota === undefined ? 'cpu.period' : 'cpu.quota' })
    }
    if (burst) writes.push({ file: BURST, value: String(burst), option: 'cpu.burst' })
    return writes
  },

  unsupported({ cpu }, hierarchy): Complaint[] {
    const complaints: Complaint[] = []
    const needs = (path: 'quota' | 'period' | 'burst' | 'idle', file: string, message: string) => {
      if (cpu?.[path] !== undefined && lacks(hierarchy, file, WEIGHT)) complaints.push({ path: `cpu.${path}`, message })
    }
    needs('quota', MAX, 'this kernel was built without CONFIG_CFS_BANDWIDTH')
    needs('period', MAX, 'this kernel was built without CONFIG_CFS_BANDWIDTH')
    needs('burst', BURST, 'a burst needs Linux 5.14 or later, with CONFIG_CFS_BANDWIDTH')
    needs('idle', 'cpu.idle', 'idle groups need Linux 5.15 or later')
    return complaints
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
