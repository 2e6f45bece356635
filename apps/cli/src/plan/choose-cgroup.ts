import { type CgroupHost, DEFAULT_DEVICES, type DeviceRule, detectCgroups, type Hierarchy, join } from '@rt/cgroups'
import type { CgroupLayout, UserNamespace } from '@rt/mountns'
import type { Step } from '@rt/program'
import type { Complaints } from '../arguments/complaints.js'
import { devicesOf, type GivenDevice } from '../options/mounts.js'
import { cgroupOptions, RESOURCE_OPTIONS, resourcesOf } from '../options/resources.js'
import type { RunValues } from '../options/run.js'
import type { Caller } from '../options/user.js'

/** The container's cgroup, and what it is there for. */
export interface CgroupChoice {
  /** Undefined: the container stays in rt's own group. */
  readonly step: Step | undefined
  /** What the container finds at /sys/fs/cgroup; undefined: nothing. */
  readonly layout: CgroupLayout | undefined
  readonly devices: readonly GivenDevice[]
  /** The group decides which devices can be opened. */
  readonly guardsDevices: boolean
}

/**
 * With a limit, a group of the container's own in every hierarchy. Without one, a group only where it is needed: for the
 * devices, since a container that may mknod(2) (Docker's default) could open the host's disks. Where no group can be
 * made, only a limit that was asked for is a complaint. Looks at the host's cgroups.
 */
export function chooseCgroup(
  values: RunValues,
  name: string,
  { caller, user }: { readonly caller: Caller; readonly user: UserNamespace | undefined },
  complaints: Complaints,
): CgroupChoice {
  const found = detectCgroups()
  const devices = devicesOf(values, user ? 'bind' : 'mknod', complaints)
  const guards = caller.uid === 0 && !values.privileged ? found.hierarchies.filter(canGuardDevices) : []
  const asked = cgroupOptions(values)
  const host = asked.length > 0 ? found : { ...found, hierarchies: guards }
  const resources = {
    ...resourcesOf(values),
    ...(guards.length > 0 ? { devices: [...DEFAULT_DEVICES, ...devices.flatMap(deviceRule)] } : {}),
  }
  const parent = values['cgroup-parent']
  const origin = asked.join(' ') || 'default'
  const step =
    asked.length > 0 || guards.length > 0
      ? complaints.try('cgroup', () =>
          join(`${parent ?? '/rt'}/${name}`, resources, { host, origin, names: RESOURCE_OPTIONS }),
        )
      : undefined
  return { step, layout: layoutOf(found), devices, guardsDevices: guards.length > 0 }
}

/** Version 1 has a controller for it. Version 2 decides by a BPF program in any group. */
const canGuardDevices = ({ version, controllers, top }: Hierarchy, _: number, all: readonly Hierarchy[]): boolean => {
  const hasController = (each: Hierarchy) => each.version === 1 && each.controllers.includes('devices')
  return top !== undefined && (all.some(hasController) ? controllers.includes('devices') : version === 2)
}

const deviceRule = ({ node: { type, major, minor }, access }: GivenDevice): DeviceRule[] =>
  type === 'p' ? [] : [{ allow: true, type: type === 'b' ? 'b' : 'c', major, minor, access }]

function layoutOf({ mode, hierarchies }: CgroupHost): CgroupLayout | undefined {
  if (mode === 'none') return undefined
  if (mode === 'v2') return { version: 2 }
  const first = hierarchies.filter(({ version }) => version === 1)
  return {
    version: 1,
    hierarchies: first.map(({ name, controllers }) => (name ? `name=${name}` : controllers.join(','))),
  }
}
