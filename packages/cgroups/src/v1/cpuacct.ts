import { parseFlatKeyed } from '../group/cgroup-text.js'
import type { Controller } from '../resources/controller.js'

/** cpuacct.stat counts in USER_HZ, which is 100 on all architectures that rt runs on. */
const USEC_PER_TICK = 10_000

/** cgroup v1 cpuacct, which only counts; see Documentation/admin-guide/cgroup-v1/cpuacct.rst. */
export const cpuacct: Controller = {
  name: 'cpuacct',
  set: () => [],

  stat(read) {
    const usage = read('cpuacct.usage')
    if (usage === undefined) return {}
    const stat = parseFlatKeyed(read('cpuacct.stat'))
    return {
      cpu: {
        usage: Math.round(Number(usage) / 1000),
        user: (stat.user ?? 0) * USEC_PER_TICK,
        system: (stat.system ?? 0) * USEC_PER_TICK,
      },
    }
  },
}
