import { CLONE_PARENT, P_PID, POLLIN, PR_SET_PDEATHSIG, SETUP_FAILED, SIGNALS, TFD_CLOEXEC, WEXITED } from '@rt/sys'
import { CLOCK_MONOTONIC } from '../assemble/layout.js'
import { LATCH } from '../assemble/own-log.js'
import {
  branch,
  buffer,
  call,
  clone,
  compute,
  fail,
  goto,
  type Instruction,
  label,
  type Ref,
  ref,
} from '../language/instruction.js'
import { CLONE, PIDFD } from '../language/vocabulary.js'
import { receiveDescriptor, sendDescriptor } from './hand-over.js'
import { poll, pollfd, REVENTS_MASK, revents } from './poll.js'
import { timerSpec } from './timers.js'
import { NO_FD, type Watch } from './watch.js'

/**
 * The process between supervisor and init, where a plan joins namespaces that are there already.
 *
 *     supervisor          middle                                      init
 *     clone ────────────► joins everything (init.enter of the steps
 *                         that say so): cgroups, namespaces, root
 *                         clone3(CLONE_PARENT) ─────────────────────► the first that anybody inside can see, and it holds
 *     pidfd and pid ◄──── sends them, exits                           nothing of the host
 *
 * A pid namespace takes only the children of who joins it. Init is the supervisor's child all the same: CLONE_PARENT,
 * which takes its exit signal from the middle (with one of its own clone3(2) is EINVAL).
 */
export const MIDDLE = 'middle'
const PID = '$middle'

/** Milliseconds from the clone to the execve. Whoever is root inside may stop a process that it can see. */
const LONGEST_START_MS = 10_000
const LIMIT = '$startLimit'

export const cloneMiddle: Instruction = clone('clone', [SIGNALS.SIGCHLD, 0, 0, 0, 0], MIDDLE, {
  save: PID,
  child: [goto('$middle begins')],
  why: 'it joins, and then makes init',
})

/** Where there is no init that could be killed: the middle has ended without one … */
const NO_INIT = '$noInit'
/** … or is to end: only once there is a middle, whose pid would be -1 before, which kill(2) takes for everybody. */
export const LOST_MIDDLE = '$lostMiddle'

export const startLimit: readonly Instruction[] = [
  call('timerfd_create', [CLOCK_MONOTONIC, TFD_CLOEXEC], { save: `${LIMIT}.fd` }),
  call('timerfd_settime', [ref(`${LIMIT}.fd`), 0, timerSpec(LONGEST_START_MS), null]),
]

export const startLimitFd: Ref = ref(`${LIMIT}.fd`)

const tooLate = fail(
  `the program was not executed within ${LONGEST_START_MS / 1000} seconds`,
  'somebody in the container may have stopped the process that was to become it (SIGSTOP)',
  'RT_BROKEN_PROCESS',
)

/** Until init executes; then nothing is waited for any more. */
export const startLimitWatch: Watch = {
  name: LIMIT,
  begin: [compute(`${LIMIT}.events`, POLLIN)],
  ready: () => [compute(`${LIMIT}.fd`, NO_FD), tooLate],
}
export const started: readonly Instruction[] = [compute(`${LIMIT}.fd`, NO_FD)]

/**
 * The supervisor's part: init's pidfd and pid, then the middle is reaped. Init has the socket's other end too, so its end
 * does not say that the middle is dead.
 *
 * @param status the pipe to Node, where its death is to be noticed
 */
export const meetInit = (socket: Ref, status: number | undefined): Instruction[] => {
  const others: readonly (readonly [fd: Ref | number, events: number, to: string])[] = [
    [ref(`${LIMIT}.fd`), POLLIN, '$tooLate'],
    [ref(`${PID}.fd`), POLLIN, NO_INIT],
    ...(status === undefined ? [] : [[status, 0, '$endMiddle'] as const]),
  ]
  return [
    call('pidfd_open', [ref(PID), 0], { save: `${PID}.fd` }),
    pollfd('$poll', 0, socket, POLLIN),
    ...others.map(([fd, events], i) => pollfd('$poll', i + 1, fd, events)),
    poll('$poll', others.length + 1, 0, { why: 'until the middle has made init' }),
    branch(revents('$poll', 0), 0, { mask: REVENTS_MASK, else: '$middle speaks' }),
    ...others.map(([, , to], i) => branch(revents('$poll', i + 1), 0, { mask: REVENTS_MASK, else: to })),
    label('$middle speaks'),
    ...receiveDescriptor(PIDFD, socket, NO_INIT, CLONE),
    call('waitid', [P_PID, ref(PID), buffer('$middleInfo', 128), WEXITED, 0], { why: 'the middle is done' }),
    call('close', [ref(`${PID}.fd`)]),
  ]
}

/** What the supervisor does where no init came: the middle has failed, and says why in its log, or takes too long. */
export const noInit: readonly Instruction[] = [
  label('$tooLate'),
  tooLate,
  label(LOST_MIDDLE),
  LATCH,
  label('$endMiddle'),
  call('kill', [ref(PID), SIGNALS.SIGKILL], { tolerate: 'any' }),
  label(NO_INIT),
  call('waitid', [P_PID, ref(PID), buffer('$middleInfo', 128), WEXITED, 0], { tolerate: 'any' }),
  goto('$after'),
]

export const middleBegins = (closes: readonly Instruction[]): Instruction[] => [
  label('$middle begins'),
  call('prctl', [PR_SET_PDEATHSIG, SIGNALS.SIGKILL, 0, 0, 0], { why: 'it ends with the supervisor' }),
  ...closes,
]

/** After all is joined: make init, tell the supervisor, go. */
export const middleEnds = (cloneInit: readonly Instruction[], socket: Ref): Instruction[] => [
  ...cloneInit,
  ...sendDescriptor('$toSupervisor', socket, ref(PIDFD), {
    why: 'init’s pidfd',
    beside: ref(CLONE),
    // Nobody is there any more: it has failed itself.
    onError: { EPIPE: '$middleEnds', ECONNRESET: '$middleEnds' },
  }),
  call('exit_group', [0]),
  label('$middleFailed'),
  LATCH,
  label('$middleEnds'),
  call('exit_group', [SETUP_FAILED]),
]

export const FLAGS_OF_MIDDLE = CLONE_PARENT
