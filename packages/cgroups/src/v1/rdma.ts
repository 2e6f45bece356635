import { parseNestedKeyed } from '../group/cgroup-text.js'
import type { Controller } from '../resources/controller.js'
import type { RdmaStats } from '../resources/stats.js'

/** cgroup v1 rdma, see Documentation/admin-guide/cgroup-v1/rdma.rst. v2 has the same files. */
export const rdma: Controller = {
  name: 'rdma',

  set: ({ rdma }) =>
    Object.entries(rdma ?? {}).flatMap(([device, limits]) => {
      const fields = (['hca_handle', 'hca_object'] as const).filter((field) => limits[field] !== undefined)
      if (fields.length === 0) return []
      const value = [device, ...fields.map((field) => `${field}=${limits[field]}`)].join(' ')
      return [{ file: 'rdma.max', value, option: `rdma.${device}` }]
    }),

  stat(read) {
    const current = read('rdma.current')
    if (current === undefined) return {}
    const stats: Record<string, RdmaStats> = {}
    for (const [device, fields] of Object.entries(parseNestedKeyed(current))) {
      stats[device] = { hca_handle: Number(fields.hca_handle ?? 0), hca_object: Number(fields.hca_object ?? 0) }
    }
    return { rdma: stats }
  },
}
