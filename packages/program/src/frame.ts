import { address, branch, buffer, call, compute, type Instruction, label, ref, struct } from './instruction.js'
import { LOG_BASE, STATUS_FD } from './layout.js'
import type { Plan } from './plan.js'
import { CLONE, PIDFD, SIGINFO } from './vocabulary.js'

/**
 * The skeleton around a plan's steps: the supervisor, the clone, the gate at which init waits, and the messages to Node.
 *
 *     supervisor                                 init
 *     outside, open (if privileged)
 *     socketpair, clone3 ───────────────────────► pdeathsig, close the other end, is the supervisor alive?
 *     parent phase; a byte opens the gate ───────► read = 1 (0: the supervisor is dead)
 *     poll(socket): closed by execve or death     enter, open (if not privileged), inside … execve
 *     write "started"
 *     poll(pidfd, status pipe)                    the container's program
 *       status pipe without a reader: Node died ─► SIGKILL
 *     waitid, after phase, write siginfo, exit
 *
 * Messages are 32 bytes: word 0 is 1 (started) or SIGCHLD (the first 32 bytes of siginfo_t).
 */
export interface Frame {
  /** Who runs the instructions. */
  readonly sections: readonly Section[]
}

export interface Section {
  readonly process: 'supervisor' | 'init'
  /** The step's index, or -1 for the frame's own instructions. */
  readonly step: number
  readonly instructions: readonly Instruction[]
  /** Where a fatal failure goes. */
  readonly failTo: string
  /** Failures are recorded but never stop the section. */
  readonly lenient?: boolean
}

const AF_UNIX = 1
const SOCK_STREAM_CLOEXEC = 1 | 0o2000000
const CLONE_PIDFD = 0x1000
const CLONE_PARENT_SETTID = 0x100000
const SIGCHLD = 17
const SIGKILL = 9
const POLLIN = 1
const P_PIDFD = 3
const WEXITED = 4
const PR_SET_PDEATHSIG = 1
const CLD_EXITED = 1

/** The exit status of a set-up that failed, as Docker's. */
export const SETUP_FAILED = 125

/** How the program ends and whom it tells. */
export interface FrameOptions {
  /** `node`: messages on the status pipe; `standalone`: exit with the container's code. */
  readonly mode: 'node' | 'standalone'
  /** The container outlives Node: the supervisor does not watch the status pipe. */
  readonly detached?: boolean
}

const pair = '$pair'
/** The socketpair's ends: ints at 0 and 4 of one buffer; a load at 0 has junk above, which the kernel ignores. */
const supervisorEnd = ref(pair, 4)
const initEnd = ref(pair, 0)

const supervisorStart = (flags: number): Instruction[] => [
  call('socketpair', [AF_UNIX, SOCK_STREAM_CLOEXEC, 0, buffer(pair, 16)], {
    why: 'the gate between supervisor and init',
  }),
  call(
    'clone3',
    [
      struct(
        'clone_args',
        {
          flags: flags | CLONE_PIDFD | CLONE_PARENT_SETTID,
          pidfd: address(PIDFD),
          parent_tid: LOG_BASE,
          exit_signal: SIGCHLD,
        },
        '$cloneArgs',
      ),
      88,
    ],
    { save: CLONE, why: 'start init in its namespaces' },
  ),
  branch(ref(CLONE), 0, { then: '$init' }),
  call('close', [initEnd]),
]

const supervisorWait = (options: FrameOptions): Instruction[] => {
  const watchNode = options.mode === 'node' && !options.detached
  const watched = watchNode ? 2 : 1
  return [
    call('write', [supervisorEnd, 'g', 1], { why: 'open the gate', tolerate: 'any' }),
    // pollfd as one word: fd in the low half, events above it.
    compute('$poll+0', supervisorEnd, POLLIN, 2 ** 32),
    ...(watchNode ? [compute('$poll+8', STATUS_FD)] : []),
    call('ppoll', [buffer('$poll', 16), watched, 0, 0, 8], { why: 'until init has executed or failed' }),
    ...(watchNode ? [branch(ref('$poll', 8), STATUS_FD, { else: '$kill' })] : []),
    ...(options.mode === 'node'
      ? [call('write', [STATUS_FD, struct('timespec', { tv_sec: 1 }, '$started'), 32], { tolerate: 'any' as const })]
      : []),
    compute('$poll+0', ref(PIDFD), POLLIN, 2 ** 32),
    call('ppoll', [buffer('$poll', 16), watched, 0, 0, 8], { why: 'until init is dead, or Node is' }),
    ...(watchNode ? [branch(ref('$poll', 8), STATUS_FD, { then: '$reap' })] : []),
    ...(watchNode ? [] : [branch(0, 0, { then: '$reap' })]),
    label('$kill'),
    call('pidfd_send_signal', [ref(PIDFD), SIGKILL, 0, 0], { tolerate: 'any' }),
    label('$reap'),
    call('waitid', [P_PIDFD, ref(PIDFD), buffer(SIGINFO, 128), WEXITED, 0], { tolerate: 'any' }),
    label('$after'),
  ]
}

const supervisorEnd_ = (options: FrameOptions): Instruction[] =>
  options.mode === 'node'
    ? [
        call('write', [STATUS_FD, buffer(SIGINFO, 128), 32], { tolerate: 'any' }),
        call('exit_group', [0]),
        label('$supervisorFailed'),
        call('exit_group', [SETUP_FAILED]),
      ]
    : [
        branch(ref(SIGINFO), SIGCHLD, { else: '$supervisorFailed', then: '$status' }),
        label('$status'),
        branch(ref(SIGINFO, 8), CLD_EXITED, { else: '$signalled' }),
        call('exit_group', [ref(SIGINFO, 24)]),
        label('$signalled'),
        compute('$code', 128, ref(SIGINFO, 24), 1),
        call('exit_group', [ref('$code')]),
        label('$supervisorFailed'),
        call('exit_group', [SETUP_FAILED]),
      ]

const initStart = (options: FrameOptions): Instruction[] => [
  label('$init'),
  ...(options.detached
    ? []
    : [call('prctl', [PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0], { why: 'no container without its supervisor' })]),
  call('close', [supervisorEnd]),
  call('read', [initEnd, buffer('$gate', 8), 1], { why: 'wait at the gate', save: '$gateRead' }),
  branch(ref('$gateRead'), 1, { else: '$initFailed' }),
]

/** Lay out a plan's steps in the two processes. */
export function frame(plan: Plan, options: FrameOptions): Frame {
  const sections: Section[] = []
  const flags = plan.steps.reduce((all, step) => all | (step.clone ?? 0), 0)
  const own = (process: Section['process'], instructions: readonly Instruction[], failTo: string) =>
    sections.push({ process, step: -1, instructions, failTo })
  const steps = (
    process: Section['process'],
    phase: 'outside' | 'parent' | 'enter' | 'open' | 'inside' | 'after',
    failTo: string,
  ) => {
    plan.steps.forEach((step, index) => {
      const instructions = step[phase]
      if (instructions?.length) {
        sections.push({ process, step: index, instructions, failTo, ...(phase === 'after' ? { lenient: true } : {}) })
      }
    })
  }
  steps('supervisor', 'outside', '$after')
  if (plan.opens === 'supervisor') steps('supervisor', 'open', '$after')
  own('supervisor', supervisorStart(flags), '$after')
  steps('supervisor', 'parent', '$kill')
  own('supervisor', supervisorWait(options), '$kill')
  steps('supervisor', 'after', '$supervisorFailed')
  own('supervisor', supervisorEnd_(options), '$supervisorFailed')
  own('init', initStart(options), '$initFailed')
  steps('init', 'enter', '$initFailed')
  if (plan.opens === 'init') steps('init', 'open', '$initFailed')
  steps('init', 'inside', '$initFailed')
  own('init', [label('$initFailed'), call('exit_group', [SETUP_FAILED])], '$initFailed')
  return { sections }
}
