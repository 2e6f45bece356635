import { parseAmount, parseFlatKeyed } from '../group/cgroup-text.js'
import type { Controller } from '../resources/controller.js'
import { hugePageSizesIn } from '../resources/huge-pages.js'
import type { HugetlbStats } from '../resources/stats.js'

/**
 * cgroup v2 hugetlb, see "HugeTLB" in Documentation/admin-guide/cgroup-v2.rst. As in v1, reservations (rsvd) are
 * limited with pages.
 */
export const hugetlb: Controller = {
  name: 'hugetlb',

  set: ({ hugetlb }) =>
    Object.entries(hugetlb ?? {}).flatMap(([size, limit]) =>
      [`hugetlb.${size}.max`, `hugetlb.${size}.rsvd.max`].map((file) => ({
        file,
        value: String(limit),
        option: `hugetlb.${size}`,
      })),
    ),

  stat(read) {
    const stats: Record<string, HugetlbStats> = {}
    for (const size of hugePageSizesIn(read, 'current')) {
      stats[size] = {
        current: Number(read(`hugetlb.${size}.current`)),
        max: parseAmount(read(`hugetlb.${size}.max`)),
        failures: parseFlatKeyed(read(`hugetlb.${size}.events`)).max ?? 0,
      }
    }
    return Object.keys(stats).length > 0 ? { hugetlb: stats } : {}
  },
}
