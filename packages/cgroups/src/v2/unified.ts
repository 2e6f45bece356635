import type { Complaint } from '@rt/sys'
import { whyMissing } from '../host/absence.js'
import { type CgroupHost, type Hierarchy, hierarchyOf } from '../host/host.js'
import type { FileValue } from '../resources/controller.js'
import type { Limits } from '../resources/resources.js'

/** The controller that a file of cgroup v2 belongs to: `memory` of `memory.high`; undefined for cgroup's own. */
export function controllerOfFile(file: string): string | undefined {
  const [prefix] = file.split('.')
  return prefix === 'cgroup' ? undefined : prefix
}

/** The raw files of {@link Limits.unified}, in the order given: Node and JSON keep it. */
export const unifiedWrites = ({ unified = {} }: Limits): FileValue[] =>
  Object.entries(unified).map(([file, value]) => ({ file, value, option: `unified[${JSON.stringify(file)}]` }))

/** v1's names by v2's, where they differ. */
const NAME_IN_V1: Readonly<Record<string, string>> = { io: 'blkio' }

/** A raw file needs its controller in v2. */
export const unifiedComplaints = (
  unified: Limits['unified'] = {},
  { controllers }: Hierarchy,
  host: CgroupHost,
): Complaint[] =>
  Object.keys(unified).flatMap((file): Complaint[] => {
    const controller = controllerOfFile(file)
    if (controller === undefined || controllers.includes(controller)) return []
    const v1 = hierarchyOf(host, 1, NAME_IN_V1[controller] ?? controller)
    const message = v1
      ? `the ${controller} controller is in the v1 hierarchy "${v1.mountPoint}" on this host, not in v2`
      : whyMissing(host, controller)
    return [{ path: `unified[${JSON.stringify(file)}]`, message }]
  })
