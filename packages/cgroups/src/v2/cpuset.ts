import type { Controller, FileValue } from '../resources/controller.js'

/** cgroup v2 cpuset, see "Cpuset" in Documentation/admin-guide/cgroup-v2.rst. Unset, a group has its parent's CPUs. */
export const cpuset: Controller = {
  name: 'cpuset',

  set({ cpuset: { cpus, mems } = {} }) {
    const writes: FileValue[] = []
    if (cpus !== undefined) writes.push({ file: 'cpuset.cpus', value: cpus, option: 'cpuset.cpus' })
    if (mems !== undefined) writes.push({ file: 'cpuset.mems', value: mems, option: 'cpuset.mems' })
    return writes
  },
}
