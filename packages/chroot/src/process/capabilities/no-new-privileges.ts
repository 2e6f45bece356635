import { call, type Step } from '@rt/program'
import { PR_SET_NO_NEW_PRIVS } from '@rt/sys'
import { asked } from '../../complaints.js'

/**
 * prctl(PR_SET_NO_NEW_PRIVS): no execve gives privileges any more, neither by set-user-id bits nor by file
 * capabilities. It can't be taken back, and children inherit it.
 */
export const noNewPrivileges = (origin?: string): Step => ({
  name: 'no_new_privs',
  why: 'a set-user-id program stays what its caller is',
  ...asked(origin),
  'init.confine': [call('prctl', [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0])],
})
