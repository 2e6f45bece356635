import { parseUlimits, parseUserSpec, type Rlimit } from '@rt/chroot'
import type { NamespaceOptions, UserNamespace } from '@rt/mountns'
import type { Complaints } from '../arguments/complaints.js'
import { namespacesOf } from '../options/namespaces.js'
import type { RunValues } from '../options/run.js'
import { type Caller, type CapabilityChoice, capabilitiesOf, userNamespaceOf } from '../options/user.js'
import { quote } from '../values/quote.js'
import { type CgroupChoice, chooseCgroup } from './choose-cgroup.js'
import { hostsName } from './hosts-name.js'
import { type GivenMounts, givenMounts } from './mounts.js'

/** What the options decide without knowing the root. */
export interface Requested {
  readonly caller: Caller
  readonly user: UserNamespace | undefined
  readonly namespaces: NamespaceOptions
  readonly hostname: string | undefined
  readonly cgroup: CgroupChoice
  readonly mounts: GivenMounts
  readonly capabilities: CapabilityChoice
  readonly rlimits: readonly Rlimit[]
}

/** Look at the options, and at the host where they are about it; undefined if there was something to complain about. */
export function requestedOf(
  values: RunValues,
  name: string,
  complaints: Complaints,
  perRun?: boolean,
): Requested | undefined {
  const caller = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  if (values.rm === false) complaints.add('--rm', 'rt keeps no container that has ended: it is always --rm')
  if (values.workdir !== undefined && !values.workdir.startsWith('/')) {
    complaints.add('--workdir', `expected an absolute path in the container, got ${quote(values.workdir)}`)
  }
  if (values.user !== undefined) complaints.try('--user', () => parseUserSpec(values.user as string))
  const user = complaints.try('--userns', () => userNamespaceOf(values, caller))
  const cgroup = chooseCgroup(values, name, user, complaints, perRun)
  const mounts = givenMounts(values, complaints)
  const capabilities = complaints.try('--cap-add', () =>
    capabilitiesOf(values, user !== undefined, cgroup.guardsDevices),
  )
  const rlimits = complaints.try('--ulimit', () => parseUlimits(values.ulimit))
  const hostname = hostnameOf(values, name, complaints)
  if (complaints.list.length > 0 || !capabilities || !rlimits) return undefined
  return { caller, user, namespaces: namespacesOf(values, user), hostname, cgroup, mounts, capabilities, rlimits }
}

/** The kernel's limit on host names. */
const LONGEST_HOSTNAME = 64

function hostnameOf(values: RunValues, name: string, complaints: Complaints): string | undefined {
  // In the host's network the host's name is the one by which others reach it.
  if (values.uts !== 'host' && values.network === 'host') return values.hostname ?? hostsName()
  if (values.uts === 'host' && values.domainname !== undefined) {
    complaints.add('--domainname', 'the domain is the host’s with --uts host')
  }
  if (values.uts !== 'host') return values.hostname ?? name.slice(0, LONGEST_HOSTNAME)
  if (values.hostname !== undefined) complaints.add('--hostname', 'the name is the host’s with --uts host')
  return undefined
}
