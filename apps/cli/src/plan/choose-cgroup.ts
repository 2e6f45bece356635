import { cpus } from 'node:os'
import { type CgroupHost, DEFAULT_DEVICES, type DeviceRule, detectCgroups, type Hierarchy, join } from '@rt/cgroups'
import type { CgroupLayout, UserNamespace } from '@rt/mountns'
import type { Step } from '@rt/program'
import type { Complaints } from '../arguments/complaints.js'
import { devicesOf, type GivenDevice } from '../options/mounts.js'
import { cgroupOptions, optionalFields, refuseTooManyCpus, resourceNames, resourcesOf } from '../options/resources.js'
import type { RunValues } from '../options/run.js'
import { privilegeOf } from './privilege.js'

/** The container's cgroup, and what it is there for. */
export interface CgroupChoice {
  /** Undefined: the container stays in rt's own group. */
  readonly step: Step | undefined
  /** What the container finds at /sys/fs/cgroup; undefined: nothing. */
  readonly layout: CgroupLayout | undefined
  readonly devices: readonly GivenDevice[]
  /** No user namespace but the first may make a device node: the host's are bound. */
  readonly nodes: 'mknod' | 'bind'
  /** Terminals can belong to the group tty. */
  readonly ttyGroup: boolean
  /** The group decides which devices can be opened. */
  readonly guardsDevices: boolean
}

/** Of one executable many may run at once. */
const PER_RUN = '-XXXXXXXX'

const NO_RULES = 'no device rules: rt runs in a user namespace, and they are for root of the first one'

/**
 * A group of the container's own in every hierarchy, for whoever is privileged: root in a container can make a cgroup
 * namespace and mount the hierarchies in it, and what it then sees as their root, and can freeze, kill and limit, is the
 * group it is in. A plain user's container gets one where a limit was asked for. Which devices can be opened is for the
 * group to say too, since a container that may mknod(2) (Docker's default) could open the host's disks.
 *
 * Where a hierarchy is closed (read-only, as in a container, or another's) it is left out, which the step says; for a
 * limit that was asked for that is a complaint. Looks at the host's cgroups and at this process.
 *
 * @param perRun its name gets digits of each run's own
 */
export function chooseCgroup(
  values: RunValues,
  name: string,
  user: UserNamespace | undefined,
  complaints: Complaints,
  perRun = false,
): CgroupChoice {
  const host = detectCgroups()
  const { admin, inUserNamespace, ttyGroup } = privilegeOf()
  const nodes = user || inUserNamespace ? 'bind' : 'mknod'
  const devices = devicesOf(values, nodes, complaints)
  const wantsGuard = admin && !values.privileged && host.hierarchies.some(canGuardDevices)
  const guardsDevices = wantsGuard && !inUserNamespace
  if (values.cpus) complaints.try('--cpus', () => refuseTooManyCpus(values, cpus().length))
  const asked = cgroupOptions(values)
  const resources = {
    ...resourcesOf(values),
    ...(guardsDevices
      ? { devices: [...DEFAULT_DEVICES, ...devices.flatMap(deviceRule), ...values['device-cgroup-rule']] }
      : {}),
  }
  const options = {
    host,
    origin: asked.join(' ') || (values.name === undefined ? 'default' : `--name ${name}`),
    names: resourceNames(values),
    optional: optionalFields(values),
    ...(wantsGuard && inUserNamespace ? { note: NO_RULES } : {}),
    inUse: `the name ${JSON.stringify(name)} is in use by a running container`,
    perRun,
  }
  const group = `${values['cgroup-parent'] ?? '/rt'}/${name}${perRun ? PER_RUN : ''}`
  const isPossible = admin && host.hierarchies.some(({ top }) => top !== undefined)
  const step =
    asked.length > 0 || isPossible ? complaints.try('cgroup', () => join(group, resources, options)) : undefined
  return { step, layout: layoutOf(host), devices, nodes, ttyGroup, guardsDevices }
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
