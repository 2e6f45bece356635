import { call, type Step } from '@rt/program'
import { type Complaint, NGROUPS_MAX, type OptionKeys, PR_SET_KEEPCAPS, refuseUnknownOptions } from '@rt/sys'
import { asked, refuse } from '../../complaints.js'
import type { Identity } from './resolve-user.js'
import { LARGEST_ID } from './user-spec.js'

export interface UserOptions {
  readonly origin?: string
  /**
   * Leave the supplementary groups as they are: in a user namespace made without privilege setgroups(2) is denied, as it
   * would let a process drop a group that is there to forbid it something (CVE-2014-8989).
   */
  readonly keepGroups?: boolean
}

const NEEDS_CAPABILITY = {
  EPERM: 'needs CAP_SETUID and CAP_SETGID: the step `user` comes before `capabilities`',
  EINVAL: 'the id has no mapping in this user namespace: see /proc/PID/uid_map and gid_map',
} as const

const OPTIONS: OptionKeys<UserOptions> = { origin: true, keepGroups: true }

/**
 * Become a user: supplementary groups, group, user, in that order, since the last one takes the right to the others.
 *
 * The permitted capabilities are kept (PR_SET_KEEPCAPS) for the step `capabilities` to cut down afterwards. Without
 * that step execve(2) empties them for a user other than root.
 *
 * @throws RtError RT_INVALID_OPTION for ids that are none: 2^32 - 1 would mean "stay root"
 */
export function user(identity: Identity, options: UserOptions = {}): Step {
  refuseUnknownOptions('user', options, OPTIONS)
  const { uid, gid, groups } = identity
  refuse('cannot become this user', [
    ...badId('uid', uid),
    ...badId('gid', gid),
    ...groups.flatMap((group, i) => badId(`groups[${i}]`, group)),
    ...(groups.length > NGROUPS_MAX
      ? [{ path: 'groups', message: `${groups.length} groups; the kernel takes ${NGROUPS_MAX}` }]
      : []),
  ])
  return {
    name: 'user',
    why: 'whose files and processes it may touch',
    ...asked(options.origin),
    'init.confine': [
      call('prctl', [PR_SET_KEEPCAPS, 1, 0, 0, 0], { why: 'the step `capabilities` still needs them' }),
      ...(options.keepGroups
        ? []
        : [
            call('setgroups', [groups.length, groups.length === 0 ? null : gidList(groups)], {
              why: 'the groups of whoever starts it are none of its business',
              hints: {
                EPERM:
                  '"deny" is in /proc/self/setgroups of this user namespace: map groups with newgidmap, or leave the ' +
                  'groups as they are (keepGroups); else CAP_SETGID is missing',
                EINVAL: NEEDS_CAPABILITY.EINVAL,
              },
            }),
          ]),
      call('setresgid', [gid, gid, gid], { hints: NEEDS_CAPABILITY }),
      call('setresuid', [uid, uid, uid], { hints: NEEDS_CAPABILITY }),
    ],
  }
}

function badId(path: string, id: number): Complaint[] {
  const fits = Number.isInteger(id) && id >= 0 && id <= LARGEST_ID
  return fits ? [] : [{ path, message: `${id} is no id: a whole number from 0 to ${LARGEST_ID}` }]
}

/** gid_t of 32 bits each. */
function gidList(groups: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(groups.length * 4)
  groups.forEach((group, i) => {
    bytes.writeUInt32LE(group, i * 4)
  })
  return bytes
}
