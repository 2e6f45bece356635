import {
  AF_UNIX,
  CLONE_INTO_CGROUP,
  CLONE_PARENT,
  CLONE_PARENT_SETTID,
  CLONE_PIDFD,
  PR_SET_PDEATHSIG,
  SIGNALS,
  SOCK_CLOEXEC,
  SOCK_STREAM,
} from '@rt/sys'
import { CONSOLE_FD, LOG_BASE, LOG_FD, STATUS_FD, SYNC_FD } from '../assemble/layout.js'
import { address, buffer, call, clone, goto, type Instruction, label, ref, struct } from '../language/instruction.js'
import { CLONE, GATE, PIDFD } from '../language/vocabulary.js'
import type { Plan } from '../plan/plan.js'
import { startLimitFd } from './middle.js'
import { cloneFlags, hasNodesPart, hostClones, initClones, joins, nodeGetsFds } from './roles.js'
import { hasLog, type Supervision } from './supervision.js'

const { SIGCHLD, SIGKILL } = SIGNALS

/** The socketpair's ends: two ints in one word. A load at 0 has the other end above it, which the kernel ignores. */
export const initEnd = ref(GATE, 0)
export const supervisorEnd = ref(GATE, 4)

export const makeGate = call('socketpair', [AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, buffer(GATE, 16)], {
  why: 'the gate between supervisor and init',
})

const CLONE_ARGS_SIZE = 88

export function cloneInit(plan: Plan, more = 0): Instruction[] {
  const flags = cloneFlags(plan) | CLONE_PIDFD | CLONE_PARENT_SETTID | more
  const into = plan.steps.find((step) => step.cloneInto)?.cloneInto
  const args = struct(
    'clone_args',
    {
      // Above 32 bits, where numbers have no bits.
      flags: into === undefined ? flags : BigInt(flags) | CLONE_INTO_CGROUP,
      pidfd: address(PIDFD),
      parent_tid: LOG_BASE,
      // With CLONE_PARENT it is the middle's.
      exit_signal: more & CLONE_PARENT ? 0 : SIGCHLD,
      ...(into === undefined ? {} : { cgroup: ref(into) }),
    },
    '$cloneArgs',
  )
  return [
    clone('clone3', [args, CLONE_ARGS_SIZE], 'init', {
      save: CLONE,
      child: [goto('$init')],
      why: 'start init in its namespaces',
    }),
  ]
}

export const afterClone = (plan: Plan, { tells }: Supervision): Instruction[] => [
  call('close', [initEnd]),
  ...(tells === 'node' && !hostClones(plan) ? [call('close', [LOG_FD])] : []),
]

/** Init's first acts. */
export const initStart = (plan: Plan, supervision: Supervision): Instruction[] => [
  label('$init'),
  ...(supervision.dieWith === 'nobody'
    ? []
    : [call('prctl', [PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0], { why: 'no container without its supervisor' })]),
  ...(joins(plan) ? [] : closesOfInit(plan, supervision)),
  ...(hasLog(supervision) && !initClones(plan) ? [call('close', [LOG_FD])] : []),
]

/** Ends of sockets and pipes that are the supervisor's alone. */
export const closesOfInit = (plan: Plan, supervision: Supervision): Instruction[] => [
  call('close', [supervisorEnd]),
  ...(supervision.tells === 'node'
    ? [
        call('close', [STATUS_FD]),
        ...(nodeGetsFds(plan, supervision) ? [call('close', [CONSOLE_FD])] : []),
        ...(hasNodesPart(plan) ? [call('close', [SYNC_FD])] : []),
      ]
    : []),
  ...(joins(plan) ? [call('close', [startLimitFd])] : []),
]
