import { call, compute, type Ref, type Step } from '@rt/program'
import { SIG_SETMASK, SIGNALS } from '@rt/sys'
import { asked, refuse } from './complaints.js'
import { dieWithParent } from './die-with-parent.js'
import { fdComplaints } from './exec-input.js'
import { keepOnly } from './keep-fds.js'

export interface CloseDescriptorsOptions {
  readonly origin?: string
  /**
   * fds for the program besides 0, 1 and 2: they become 3, 4, … Words that steps saved, or once more 0, 1 or 2. Other
   * fds of the caller are closed when the set-up begins, and their numbers are those of its own by now.
   */
  readonly fds?: readonly (number | Ref)[]
  /**
   * The signal that kills the program when its parent is gone; default SIGKILL, 0 for none (a container that outlives
   * its supervisor).
   */
  readonly parentDeathSignal?: number
}

/** Set once this step is through: a bare `exec` executes nothing before. */
export const CLOSED = '$closed'

const SIGSET_SIZE = 8
const EMPTY_SIGSET = new Uint8Array(SIGSET_SIZE)

/**
 * Close what the program must not have, and leave nothing to be done but the execve: for a plan in which a seccomp filter
 * is loaded between the two. `exec` does the same by itself in other plans.
 *
 * Every other fd is closed before, not at, the execve: a path below /proc/self/fd must not find one (CVE-2024-21626).
 *
 * @throws RtError RT_INVALID_OPTION for an fd above 2
 */
export function closeDescriptors(options: CloseDescriptorsOptions = {}): Step {
  refuse('cannot keep these fds', fdComplaints(options.fds))
  return {
    name: 'close descriptors',
    why: 'nothing of the host may be reachable from inside',
    ...asked(options.origin),
    inside: [...lastThings(options), compute(CLOSED, 1)],
  }
}

/** All that comes between the other steps and the execve, or a filter. */
export const lastThings = ({ fds = [], parentDeathSignal = SIGNALS.SIGKILL }: CloseDescriptorsOptions) => [
  ...dieWithParent(parentDeathSignal),
  ...keepOnly(fds, parentDeathSignal !== 0),
  // Blocked by whoever started us; the dispositions were reset before init existed.
  call('rt_sigprocmask', [SIG_SETMASK, EMPTY_SIGSET, null, SIGSET_SIZE]),
]
