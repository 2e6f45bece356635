import { call, type Instruction, type Step } from '@rt/program'
import {
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  type Complaint,
  type OptionKeys,
  refuseUnknownOptions,
} from '@rt/sys'
import { changePropagation, isPropagation, type Propagation } from '../options/propagation.js'
import { refuse } from '../options/refuse.js'
import { loopbackUp } from './loopback.js'
import { checkTimeOffsets, makeTimeNamespace, type TimeOffsets } from './time-namespace.js'
import { checkUserNamespace, type UserNamespace, userNamespacePhases } from './user-namespace.js'

/** Which namespaces the container gets of its own; what is left out is the host's. See namespaces(7). */
export interface NamespaceOptions {
  readonly mount?: boolean
  readonly pid?: boolean
  readonly uts?: boolean
  readonly ipc?: boolean
  /** Its loopback interface is brought up. */
  readonly net?: boolean
  /** Init's cgroup is the root that the container sees. */
  readonly cgroup?: boolean
  /** Clocks with an offset; without offsets it only keeps the container from the host's. Linux 5.6. */
  readonly time?: boolean | TimeOffsets
  readonly user?: UserNamespace
  /**
   * Propagation of the mounts that the new mount namespace begins with, copies of the host's; default `rprivate`. With
   * `rslave` later mounts of the host show up inside. With `rshared` the container's mounts show up on the host.
   */
  readonly propagation?: Propagation
  readonly origin?: string
}

const FLAGS = {
  mount: CLONE_NEWNS,
  pid: CLONE_NEWPID,
  uts: CLONE_NEWUTS,
  ipc: CLONE_NEWIPC,
  net: CLONE_NEWNET,
} as const

const NAME = 'namespaces'

const USER_OPTIONS: OptionKeys<UserNamespace> = {
  uidMap: true,
  gidMap: true,
  how: true,
  setgroups: true,
  helpers: true,
}
const TIME_OPTIONS: OptionKeys<TimeOffsets> = { monotonic: true, boottime: true }
const OPTIONS: OptionKeys<NamespaceOptions> = {
  mount: true,
  pid: true,
  uts: true,
  ipc: true,
  net: true,
  cgroup: true,
  time: true,
  user: true,
  propagation: true,
  origin: true,
}

/**
 * New namespaces for init, all made by the one clone that makes init, and what has to be done at once in them. It is
 * the first step of a plan.
 *
 * @throws RtError RT_INVALID_OPTION for maps that the kernel would refuse, propagation without a mount namespace, …
 */
export function namespaces(options: NamespaceOptions): Step {
  refuseUnknownOptions('namespaces', options, OPTIONS)
  refuseUnknownOptions('namespaces({ user })', options.user, USER_OPTIONS)
  if (typeof options.time === 'object') refuseUnknownOptions('namespaces({ time })', options.time, TIME_OPTIONS)
  const { user, time, origin = 'default' } = options
  refuse(NAME, origin, check(options))
  let clone = user ? CLONE_NEWUSER : 0
  for (const [name, flag] of Object.entries(FLAGS)) if (options[name as keyof typeof FLAGS]) clone |= flag
  // With offsets it is made before the clone: once a process is in it, they are fixed.
  if (time === true) clone |= CLONE_NEWTIME
  const ids = user && userNamespacePhases(user)
  const prepare: Instruction[] = [
    ...(typeof time === 'object' ? makeTimeNamespace(time) : []),
    ...(ids?.['host.prepare'] ?? []),
  ]
  const enter: Instruction[] = [
    ...(ids?.['init.enter'] ?? []),
    // A systemd host shares all its mounts: what is mounted in the container would show up there.
    ...(options.mount ? [changePropagation(options.propagation ?? 'rprivate', why(options.propagation))] : []),
  ]
  const settle: Instruction[] = [
    // Its root is the cgroup that init is in, so it follows the joining, which is at `init.enter`.
    ...(options.cgroup ? [call('unshare', [CLONE_NEWCGROUP], { why: 'its cgroup is the root that it sees' })] : []),
    ...(options.net ? loopbackUp : []),
  ]
  return {
    name: NAME,
    why: 'the container sees its own mounts, processes, names and networks',
    origin,
    clone,
    ...(prepare.length ? { 'host.prepare': prepare } : {}),
    ...(ids?.meets ? { meets: ids.meets } : {}),
    ...(enter.length ? { 'init.enter': enter } : {}),
    ...(settle.length ? { 'init.mount': settle } : {}),
  }
}

const why = (propagation: Propagation = 'rprivate'): string =>
  propagation.endsWith('shared') ? 'mounts show on the host' : 'nothing that is mounted shows on the host'

function check({ mount, propagation, user, time }: NamespaceOptions): Complaint[] {
  const complaints: Complaint[] = user ? checkUserNamespace(user) : []
  if (propagation !== undefined && !isPropagation(propagation)) {
    complaints.push({
      path: 'propagation',
      message: `expected private, slave, shared, unbindable or one of them with r, got ${JSON.stringify(propagation)}`,
    })
  } else if (propagation !== undefined && !mount) {
    complaints.push({ path: 'propagation', message: 'without a mount namespace it would change the host’s mounts' })
  }
  if (typeof time === 'object') complaints.push(...checkTimeOffsets(time, user !== undefined))
  return complaints
}
