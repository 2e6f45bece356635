import type { Controller, FileValue } from '../resources/controller.js'

/**
 * cgroup v1 cpuset, see Documentation/admin-guide/cgroup-v1/cpusets.rst. A new group has no CPU and no memory node, and
 * until it has both no process can join (ENOSPC): what isn't asked for is inherited, see `inherit` in plan-creation.ts.
 */
export const cpuset: Controller = {
  name: 'cpuset',

  set({ cpuset: { cpus, mems } = {} }) {
    const writes: FileValue[] = []
    if (cpus !== undefined) writes.push({ file: 'cpuset.cpus', value: cpus, option: 'cpuset.cpus' })
    if (mems !== undefined) writes.push({ file: 'cpuset.mems', value: mems, option: 'cpuset.mems' })
    return writes
  },
}
