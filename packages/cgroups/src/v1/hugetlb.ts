import { parseAmount } from '../group/cgroup-text.js'
import { minusOne } from '../resources/amount.js'
import type { Controller } from '../resources/controller.js'
import { hugePageSizesIn } from '../resources/huge-pages.js'
import type { HugetlbStats } from '../resources/stats.js'

/**
 * cgroup v1 hugetlb, see Documentation/admin-guide/cgroup-v1/hugetlb.rst. The limit on reservations (rsvd, Linux 5.7)
 * goes with the limit on pages: mmap fails then, where the other alone kills by SIGBUS at the first touch.
 */
export const hugetlb: Controller = {
  name: 'hugetlb',

  set: ({ hugetlb }) =>
    Object.entries(hugetlb ?? {}).flatMap(([size, limit]) =>
      [`hugetlb.${size}.limit_in_bytes`, `hugetlb.${size}.rsvd.limit_in_bytes`].map((file) => ({
        file,
        value: minusOne(limit),
        option: `hugetlb.${size}`,
      })),
    ),

  stat(read) {
    const stats: Record<string, HugetlbStats> = {}
    for (const size of hugePageSizesIn(read, 'usage_in_bytes')) {
      stats[size] = {
        current: Number(read(`hugetlb.${size}.usage_in_bytes`)),
        max: parseAmount(read(`hugetlb.${size}.limit_in_bytes`)),
        failures: Number(read(`hugetlb.${size}.failcnt`) ?? 0),
      }
    }
    return Object.keys(stats).length > 0 ? { hugetlb: stats } : {}
  },
}
