import type { Complaint } from '@rt/sys'
import type { Controller } from './controller.js'
import { type CgroupHost, type Hierarchy, hierarchyOf } from './host.js'
import type { Limits } from './resources.js'
import { V1 } from './v1/index.js'
import { V2 } from './v2/index.js'
import { controllerOfFile } from './v2/unified.js'

/** A controller that limits ask for, and the hierarchy where it is. */
export interface Use {
  readonly controller: Controller
  readonly hierarchy: Hierarchy
}

/** v1's names by v2's, where they differ. */
const NAME_IN_V1: Readonly<Record<string, string>> = { io: 'blkio' }

/** Where a controller is: in a v1 hierarchy, else in v2's. A controller can only be in one at a time. */
function find(host: CgroupHost, name: string): Use | undefined {
  const nameInV1 = NAME_IN_V1[name] ?? name
  const v1 = hierarchyOf(host, 1, nameInV1)
  const v2 =
    hierarchyOf(host, 2, name) ??
    // Devices are v2's without being a controller there: a program is attached to the group.
    (name === 'devices' ? host.hierarchies.find((each) => each.version === 2) : undefined)
  const hierarchy = v1 ?? v2
  const controller = v1 ? V1.find((each) => each.name === nameInV1) : V2.find((each) => each.name === name)
  return hierarchy && controller && { controller, hierarchy }
}

const list = (names: readonly string[]): string => (names.length > 0 ? names.join(', ') : 'none')

/** Why there is no such controller, and what helps. */
export function whyMissing(host: CgroupHost, name: string): string {
  if (host.mode === 'none') return 'no cgroup file system is mounted: mount one on /sys/fs/cgroup'
  const v2 = host.hierarchies.find((each) => each.version === 2)
  const all = host.hierarchies.flatMap(({ controllers }) => controllers)
  if (host.mode === 'v2' && v2?.top !== undefined && v2.top !== v2.mountPoint) {
    return (
      `the ${name} controller is not delegated to "${v2.top}" (which has ${list(v2.controllers)}): ` +
      `run below a systemd unit with Delegate=${name}, for all users by "systemctl edit user@.service"`
    )
  }
  const boot = name === 'memory' ? '; Raspberry Pi OS and old Debian want cgroup_enable=memory at boot' : ''
  return `no ${name} controller in any mounted hierarchy (there are: ${list(all)})${boot}`
}

/** Why nothing can be made in a hierarchy, and what helps. */
export function whyClosed({ readOnly, mountPoint, own, version }: Hierarchy): string {
  if (readOnly) return `"${mountPoint}" is mounted read-only, as it is inside a container`
  if (version === 1) return `"${mountPoint}" is not writable: cgroup v1 is for root`
  return (
    `not delegated: "${own ?? mountPoint}" is not writable by this user; start with ` +
    '"systemd-run --user --scope -p Delegate=yes", or run below a systemd unit with Delegate=yes'
  )
}

/** A hierarchy for asking a controller's file which options it would write, when there is no real one. */
const NOWHERE: Hierarchy = { version: 2, mountPoint: '', controllers: [], readOnly: true, files: [] }

/** The options that a controller's limits came from: `io.throttle[2].rbps` is `io.throttle`. */
function optionsOf({ controller, hierarchy }: Use, limits: Limits): string[] {
  const options = controller.set(limits, hierarchy).map(({ option }) => option.replace(/\[.*/, ''))
  return options.length > 0 ? [...new Set(options)] : [controller.name]
}

/**
 * Which controllers the limits need and where they are; and what this host cannot do, all of it.
 *
 * A controller that is missing or out of reach is a complaint, never a limit left out.
 */
export function findControllers(limits: Limits, host: CgroupHost): { uses: Use[]; complaints: Complaint[] } {
  const uses: Use[] = []
  const complaints: Complaint[] = []
  for (const controller of V2) {
    if (!controller.isSet(limits)) continue
    const use = find(host, controller.name)
    const complain = (message: string) => {
      for (const path of optionsOf(use ?? { controller, hierarchy: NOWHERE }, limits))
        complaints.push({ path, message })
    }
    if (!use) complain(whyMissing(host, controller.name))
    else if (use.hierarchy.top === undefined) complain(whyClosed(use.hierarchy))
    else {
      complaints.push(...(use.controller.unsupported?.(limits, use.hierarchy, host) ?? []))
      uses.push(use)
    }
  }
  return { uses, complaints: [...complaints, ...unifiedComplaints(limits, host)] }
}

/** Raw v2 files need v2, and their controller there. */
function unifiedComplaints({ unified = {} }: Limits, host: CgroupHost): Complaint[] {
  const v2 = host.hierarchies.find((each) => each.version === 2)
  return Object.keys(unified).flatMap((file): Complaint[] => {
    const path = `unified[${JSON.stringify(file)}]`
    const controller = controllerOfFile(file)
    if (!v2) return [{ path, message: 'files of cgroup v2 need cgroup v2, and this host has only v1 hierarchies' }]
    if (v2.top === undefined) return [{ path, message: whyClosed(v2) }]
    if (controller === undefined || v2.controllers.includes(controller)) return []
    const v1 = hierarchyOf(host, 1, NAME_IN_V1[controller] ?? controller)
    const message = v1
      ? `the ${controller} controller is in the v1 hierarchy "${v1.mountPoint}" on this host, not in v2`
      : whyMissing(host, controller)
    return [{ path, message }]
  })
}
