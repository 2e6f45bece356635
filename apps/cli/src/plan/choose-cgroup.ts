import { type CgroupHost, DEFAULT_DEVICES, type DeviceRule, detectCgroups, join } from '@rt/cgroups'
import type { CgroupLayout, UserNamespace } from '@rt/mountns'
import type { Step } from '@rt/program'
import type { Complaints } from '../arguments/complaints.js'
import { devicesOf, type GivenDevice } from '../options/mounts.js'
import { RESOURCE_OPTIONS, resourcesOf, wantsCgroup } from '../options/resources.js'
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
 * A group of the container's own wherever one can be made; where none can, only a limit that was asked for is a
 * complaint. Looks at the host's cgroups.
 */
export function chooseCgroup(
  values: RunValues,
  name: string,
  { caller, user }: { readonly caller: Caller; readonly user: UserNamespace | undefined },
  complaints: Complaints,
): CgroupChoice {
  const host = detectCgroups()
  const devices = devicesOf(values, user ? 'bind' : 'mknod', complaints)
  const guardsDevices = caller.uid === 0 && !values.privileged && canGuardDevices(host)
  const resources = {
    ...resourcesOf(values),
    ...(guardsDevices ? { devices: [...DEFAULT_DEVICES, ...devices.flatMap(deviceRule)] } : {}),
  }
  const parent = values['cgroup-parent']
  const origin = parent === undefined ? 'default' : `--cgroup-parent ${parent}`
  const isPossible = host.hierarchies.some(({ top }) => top !== undefined)
  const step =
    isPossible || wantsCgroup(values)
      ? complaints.try('cgroup', () =>
          join(`${parent ?? '/rt'}/${name}`, resources, { host, origin, names: RESOURCE_OPTIONS }),
        )
      : undefined
  return { step, layout: layoutOf(host), devices, guardsDevices: guardsDevices && step !== undefined }
}

/** Version 2 decides by a BPF program in any group, version 1 has a controller of its own. */
const canGuardDevices = (host: CgroupHost): boolean =>
  host.hierarchies.some(
    ({ version, controllers, top }) => top !== undefined && (version === 2 || controllers.includes('devices')),
  )

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
