import { call, type Step } from '@rt/program'
import { KEYCTL_JOIN_SESSION_KEYRING } from '@rt/sys'
import { asked } from '../../complaints.js'

/**
 * keyctl(KEYCTL_JOIN_SESSION_KEYRING): a new, empty session keyring. Keys are in no namespace: the container would find
 * the caller's (tickets, passwords of file systems) in the one it inherits. session-keyring(7)
 *
 * Comes before `user`: a keyring counts against the quota of its maker, and root's is large. In a user namespace that is
 * the id outside which its root has: 200 containers at once (kernel.keys.maxkeys) for one range of ids. The supervisor
 * could make it as the host's root, but needs the caller's keys itself, to open what is encrypted with them.
 *
 * The user keyring (`@u`) is another matter: it belongs to an id of a user namespace, not to a process.
 */
export const sessionKeyring = (origin = 'default'): Step => ({
  name: 'session keyring',
  why: 'the keys of whoever starts it are none of its business',
  ...asked(origin),
  'init.confine': [
    call('keyctl', [KEYCTL_JOIN_SESSION_KEYRING, null, 0, 0, 0], {
      // A kernel without keys, or an outer seccomp filter, which holds for the container too: no way to the keys at all.
      tolerate: ['ENOSYS', 'EPERM'],
      hints: { EDQUOT: 'the user has as many keys as it may have: kernel.keys.maxkeys' },
    }),
  ],
})
