import { parseAmount, parseFlatKeyed } from '../group/cgroup-text.js'
import type { Controller } from '../resources/controller.js'

/** cgroup v1 pids, see Documentation/admin-guide/cgroup-v1/pids.rst. Joining never fails; forking does, with EAGAIN. */
export const pids: Controller = {
  name: 'pids',

  set: ({ pids }) =>
    pids?.max === undefined ? [] : [{ file: 'pids.max', value: String(pids.max), option: 'pids.max' }],

  stat(read) {
    const current = read('pids.current')
    if (current === undefined) return {}
    return {
      pids: {
        current: Number(current),
        max: parseAmount(read('pids.max')),
        failures: parseFlatKeyed(read('pids.events')).max ?? 0,
      },
    }
  },
}
