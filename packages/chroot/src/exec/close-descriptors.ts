import { buffer, call, compute, type Instruction, type Step } from '@rt/program'
import { type OptionKeys, refuseUnknownOptions, SIG_SETMASK, SIGNALS } from '@rt/sys'
import { asked, refuse } from '../complaints.js'
import { dieWithParent } from './die-with-parent.js'
import { fdComplaints } from './exec-input.js'
import type { CloseDescriptorsOptions } from './exec-options.js'
import { FIRST_FD, keepOnly } from './keep-fds.js'

const OPTIONS: OptionKeys<CloseDescriptorsOptions> = { origin: true, fds: true, parentDeathSignal: true, waitFor: true }

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
  refuseUnknownOptions('closeDescriptors', options, OPTIONS)
  refuse('cannot keep these fds', fdComplaints(options.fds))
  return {
    name: 'close descriptors',
    why: 'nothing of the host may be reachable from inside',
    ...asked(options.origin),
    'init.execute': [...lastThings(options), compute(CLOSED, 1)],
  }
}

/** All that comes between the other steps and the execve, or a filter. */
export const lastThings = ({ fds = [], parentDeathSignal = SIGNALS.SIGKILL, waitFor }: CloseDescriptorsOptions) => [
  ...dieWithParent(parentDeathSignal),
  ...keepOnly(waitFor === undefined ? fds : [...fds, waitFor], parentDeathSignal !== 0),
  ...(waitFor === undefined ? [] : wait(FIRST_FD + fds.length)),
  // Blocked by whoever started us; the dispositions were reset before init existed.
  call('rt_sigprocmask', [SIG_SETMASK, EMPTY_SIGSET, null, SIGSET_SIZE]),
]

const wait = (fd: number): Instruction[] => [
  call('read', [fd, buffer('start', 8), 1], { why: 'until it is started' }),
  call('close', [fd]),
]
