import type { Complaint } from '@rt/sys'
import type { CgroupHost } from '../host/host.js'
import type { Amount } from './amount.js'
import type { ReadFile } from './controller.js'

/** All page sizes that x86-64 and arm64 know, as hugetlb's files spell them. */
const PAGE_SIZES = ['64KB', '2MB', '32MB', '512MB', '1GB', '16GB']

/** Page sizes for which the group has the file `hugetlb.SIZE.FILE`. */
export const hugePageSizesIn = (read: ReadFile, file: string): string[] =>
  PAGE_SIZES.filter((size) => read(`hugetlb.${size}.${file}`) !== undefined)

/** Limits for page sizes that this kernel doesn't have. A host that wasn't looked at has none to compare with. */
export const hugePageSizeComplaints = (
  limits: Readonly<Record<string, Amount>> | undefined,
  { hugePageSizes }: CgroupHost,
): Complaint[] =>
  Object.keys(limits ?? {})
    .filter((size) => hugePageSizes.length > 0 && !hugePageSizes.includes(size))
    .map((size) => ({
      path: `hugetlb.${size}`,
      message: `this kernel has no huge pages of ${size}, but of ${hugePageSizes.join(', ')}`,
    }))
