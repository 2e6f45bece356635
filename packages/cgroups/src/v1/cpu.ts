import { parseFlatKeyed } from '../group/cgroup-text.js'
import { minusOne } from '../resources/amount.js'
import type { Controller, FileValue } from '../resources/controller.js'

const SHARES = 'cpu.shares'
const QUOTA = 'cpu.cfs_quota_us'
const BURST = 'cpu.cfs_burst_us'

/** cgroup v1 cpu, see Documentation/scheduler/sched-bwc.rst. What is used is counted by cpuacct, see cpuacct.ts. */
export const cpu: Controller = {
  name: 'cpu',

  set({ cpu: { shares, quota, period, burst, idle } = {} }) {
    const writes: FileValue[] = []
    if (idle !== undefined) writes.push({ file: 'cpu.idle', value: idle ? '1' : '0', option: 'cpu.idle' })
    if (shares !== undefined) writes.push({ file: SHARES, value: String(shares), option: 'cpu.shares' })
    // Every write is checked against the values that stand: burst <= quota, and quota / period <= the parent's. What
    // depends on the others goes out of the way first, then the period, then the quota that is meant for it.
    if (burst !== undefined) writes.push({ file: BURST, value: '0', option: 'cpu.burst' })
    if (period !== undefined) {
      if (quota !== undefined) writes.push({ file: QUOTA, value: '-1', option: 'cpu.quota' })
      writes.push({ file: 'cpu.cfs_period_us', value: String(period), option: 'cpu.period' })
    }
    if (quota !== undefined && (quota !== 'max' || period === undefined)) {
      writes.push({ file: QUOTA, value: minusOne(quota), option: 'cpu.quota' })
    }
    if (burst) writes.push({ file: BURST, value: String(burst), option: 'cpu.burst' })
    return writes
  },

  stat(read) {
    const stat = parseFlatKeyed(read('cpu.stat'))
    if (stat.nr_periods === undefined) return {}
    return {
      cpu: {
        periods: stat.nr_periods,
        throttledPeriods: stat.nr_throttled ?? 0,
        // nanoseconds here, microseconds in v2
        throttledTime: Math.round((stat.throttled_time ?? 0) / 1000),
      },
    }
  },
}
