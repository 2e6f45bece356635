import { existsSync } from 'node:fs'
import { availableCapabilities, type CapabilitySets, resolveCapabilities } from '@rt/chroot'
import { readSubordinateIds, subordinateMap, type UserNamespace } from '@rt/mountns'
import { type CapabilityName, RtError } from '@rt/sys'
import { flag, many, one, type Values } from '../arguments/option.js'
import { fileMask } from '../values/file-mask.js'
import { oneOf, someText } from '../values/name.js'
import { securityOption } from '../values/security.js'
import { CAPABILITY_NAMES } from './capability-names.js'

/** Who the command runs as, and what it may do. */
export const user = {
  user: one({
    short: 'u',
    value: 'USER[:GROUP]',
    empty: 'unset',
    complete: 'user',
    help: "user and group, by name in the container's /etc/passwd or by number",
  }),
  'group-add': many({
    value: 'GROUP',
    parse: someText,
    help: "one more group for the user, by name in the container's /etc/group or by number",
  }),
  umask: one({
    value: 'MODE',
    empty: 'unset',
    parse: fileMask,
    help: 'permissions that new files lack (default 0022)',
  }),
  'cap-add': many({ value: 'CAP', complete: CAPABILITY_NAMES, help: "add a capability to Docker's 14, or ALL" }),
  'cap-drop': many({ value: 'CAP', complete: CAPABILITY_NAMES, help: 'take a capability away, or ALL' }),
  privileged: flag({ help: 'all capabilities, all devices, nothing masked or read-only' }),
  'security-opt': many({
    value: 'OPTION',
    parse: securityOption,
    complete: ['no-new-privileges', 'seccomp=unconfined', 'systempaths=unconfined'],
    help:
      'no-new-privileges: setuid programs gain nothing; seccomp=FILE: a profile instead of the default one, ' +
      'seccomp=unconfined: none; systempaths=unconfined: mask nothing in /proc and /sys',
  }),
  userns: one({
    value: 'host|auto|self',
    empty: 'unset',
    parse: oneOf('host', 'auto', 'self'),
    complete: ['host', 'auto', 'self'],
    help:
      'user namespace: none (host: the default for root), with the ids of /etc/subuid (auto: the default for others, ' +
      'where they have some), or with your own id alone (self)',
  }),
}

type UserValues = Values<typeof user>

/** Who runs rt. */
export interface Caller {
  readonly uid: number
  readonly gid: number
}

/**
 * The user namespace that is asked for, or that a plain user can't do without. Looks at /etc/subuid and /etc/subgid.
 *
 * @throws RtError RT_UNSUPPORTED for `auto` without ids to map, RT_PERMISSION for `host` as a plain user
 */
export function userNamespaceOf(values: UserValues, { uid, gid }: Caller): UserNamespace | undefined {
  const isRoot = uid === 0
  const asked = values.userns
  if (asked === 'host' && !isRoot) {
    throw new RtError('RT_PERMISSION', 'only root can do without a user namespace', { hint: 'leave out --userns host' })
  }
  if (asked === 'host' || (asked === undefined && isRoot)) return undefined
  const self: UserNamespace = {
    how: 'self',
    uidMap: [{ containerID: 0, hostID: uid, size: 1 }],
    gidMap: [{ containerID: 0, hostID: gid, size: 1 }],
  }
  if (asked === 'self') return self
  const ranges = readSubordinateIds()
  if (ranges.uid.length === 0 || ranges.gid.length === 0) {
    if (asked === undefined) return self
    throw new RtError('RT_UNSUPPORTED', 'there are no ids to map: no range for you in /etc/subuid and /etc/subgid', {
      hint: 'usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER, or --userns self',
    })
  }
  if (!isRoot) {
    if (asked === undefined && !HELPERS.every((path) => existsSync(path))) return self
    return { how: 'newuidmap', uidMap: subordinateMap(uid, ranges.uid), gidMap: subordinateMap(gid, ranges.gid) }
  }
  // Root inside is not the host's root: only the granted ids are mapped.
  const stacked = (granted: typeof ranges.uid) =>
    subordinateMap(0, granted)
      .slice(1)
      .map((each) => ({ ...each, containerID: each.containerID - 1 }))
  return { how: 'supervisor', uidMap: stacked(ranges.uid), gidMap: stacked(ranges.gid) }
}

const HELPERS = ['/usr/bin/newuidmap', '/usr/bin/newgidmap']

/** How the program's capabilities come about. */
export interface CapabilityChoice {
  readonly names: readonly CapabilityName[]
  readonly origin: string
}

/**
 * Docker's default set, --privileged and the changes. Of a default and of ALL this process gives what it has; what was
 * named and can't be given is a complaint. Looks at the host.
 *
 * @param devicesAreGuarded a cgroup decides which devices the container may open
 * @throws RtError RT_INVALID_OPTION for unknown names, RT_PERMISSION for named ones that rt itself lacks
 */
export function capabilitiesOf(
  values: UserValues,
  userNamespace: boolean,
  devicesAreGuarded: boolean,
): CapabilityChoice {
  const { 'cap-add': add, 'cap-drop': drop, privileged } = values
  const wanted = resolveCapabilities({ add: privileged ? ['ALL', ...add] : add, drop })
  const { capabilities, missing } = availableCapabilities(wanted, { userNamespace })
  const named = resolveCapabilities({ add: add.filter((name) => name.toUpperCase() !== 'ALL'), from: [] })
  const refused = missing.filter((name) => named.includes(name))
  if (refused.length > 0) {
    throw new RtError('RT_PERMISSION', `rt itself lacks ${refused.join(', ')}`, {
      origin: '--cap-add',
      hint: 'an outer container or service manager took it away, or the kernel is too old to know it',
    })
  }
  // A node that nobody guards is the device itself: whoever can make one reads the host's disk.
  const isSafe = (name: CapabilityName) =>
    name !== 'CAP_MKNOD' || devicesAreGuarded || userNamespace || privileged === true || named.includes(name)
  const options = [
    privileged && '--privileged',
    ...add.map((name) => `--cap-add ${name}`),
    ...drop.map((name) => `--cap-drop ${name}`),
  ]
  return { names: capabilities.filter(isSafe), origin: options.filter(Boolean).join(' ') || 'default' }
}

/**
 * The sets for a user. Only root has capabilities from the start, as in Docker: with them at the execve another user
 * could run, and read, what the file's mode forbids. The bounding set says what a setuid program may regain.
 */
export const capabilitySets = (names: readonly CapabilityName[], uid: number): CapabilitySets => ({
  bounding: names,
  permitted: uid === 0 ? names : [],
})
