import {
  AT_FDCWD,
  F_SETFD,
  FD_CLOEXEC,
  O_CLOEXEC,
  O_RDONLY,
  O_RDWR,
  PR_SET_DUMPABLE,
  PR_SET_NAME,
  SIG_BLOCK,
  SIGRTMAX,
} from '@rt/sys'
import { CONSOLE_FD, FIRST_UNUSED_FD, LOG_FD, STATUS_FD, SYNC_FD } from '../assemble/layout.js'
import { branch, call, compute, type Instruction, label, ref } from '../language/instruction.js'
import { givenFd } from '../language/vocabulary.js'
import type { Plan } from '../plan/plan.js'
import { hasNodesPart, nodeGetsFds } from './roles.js'
import { ALL_SIGNALS, SIGSET } from './signal-set.js'
import type { Supervision } from './supervision.js'
import { WORD32 } from './watch.js'

/** struct sigaction of zeros: SIG_DFL. */
const DEFAULT_ACTION = new Uint8Array(32)

/** The supervisor's first acts: what it is, what it has open, which signals it takes. */
export const supervisorStart = (plan: Plan, supervision: Supervision): Instruction[] => {
  const given = Object.entries(supervision.fds ?? {})
  return [
    call('prctl', [PR_SET_NAME, 'rt', 0, 0, 0], {
      why: 'else ps would show the number of the file it was executed by',
    }),
    // The program's own memory and fds are nobody's business once init has entered the container's namespaces.
    call('prctl', [PR_SET_DUMPABLE, 0, 0, 0, 0], { why: 'no process of the container may trace or read this one' }),
    ...(supervision.tells === 'node'
      ? [
          // Each process maps its own log: see own-log.ts. Where a step's exec closes nothing, the execve does.
          call('fcntl', [LOG_FD, F_SETFD, FD_CLOEXEC]),
          // A number that isn't used here becomes that of some step's fd: from now on only its owner closes it.
          ...(nodeGetsFds(plan, supervision) ? [] : [call('close', [CONSOLE_FD], { tolerate: 'any' as const })]),
          ...(hasNodesPart(plan) ? [] : [call('close', [SYNC_FD], { tolerate: 'any' as const })]),
          call('close_range', [FIRST_UNUSED_FD + given.length, WORD32, 0], {
            why: 'what Node’s caller left open without close-on-exec',
          }),
        ]
      : [
          ...(supervision.speaker ? closeOthers(given) : openStreams),
          call('rt_sigprocmask', [SIG_BLOCK, ALL_SIGNALS, null, SIGSET], { why: 'signals are for init: see the loop' }),
          ...resetSignals,
        ]),
    ...(supervision.stdin === 'null' ? emptyStdin : []),
    ...(supervision.tells === 'nobody' && supervision.speaker
      ? given.map(([name], i) => compute(givenFd(name), FIRST_UNUSED_FD + i))
      : given.flatMap(([name, fd]) => [
          call('fcntl', [fd, F_SETFD, FD_CLOEXEC], { of: name, hints: { EBADF: `nothing is open as ${name}` } }),
          compute(givenFd(name), fd),
        ])),
  ]
}

/**
 * What this process had open as a Node, or had been given: it is the streams' and the log's alone from now on, and what it
 * is to hold. That comes from wherever Node had room, above all numbers here.
 */
const closeOthers = (given: readonly (readonly [name: string, fd: number])[]): readonly Instruction[] => [
  call('fcntl', [LOG_FD, F_SETFD, FD_CLOEXEC]),
  call('close', [STATUS_FD], { tolerate: 'any' }),
  ...given.map(([name, fd], i) =>
    call('dup3', [fd, FIRST_UNUSED_FD + i, O_CLOEXEC], { of: name, hints: { EBADF: `nothing is open as ${name}` } }),
  ),
  ...(given.length > 0 ? [call('close_range', [LOG_FD + 1, FIRST_UNUSED_FD - 1, 0])] : []),
  call('close_range', [given.length > 0 ? FIRST_UNUSED_FD + given.length : LOG_FD + 1, WORD32, 0]),
]

const emptyStdin: readonly Instruction[] = [
  call('openat', [AT_FDCWD, '/dev/null', O_RDONLY | O_CLOEXEC], { save: '$empty', why: 'the container’s stdin' }),
  call('dup3', [ref('$empty'), 0, 0]),
  call('close', [ref('$empty')]),
]

/**
 * Where whoever started the program has closed 0, 1 or 2, the next fd would get that number: an error message written to
 * a gate that is fd 2 would open it.
 */
const openStreams: readonly Instruction[] = [
  label('$streams'),
  call('openat', [AT_FDCWD, '/dev/null', O_RDWR], {
    save: '$null',
    tolerate: 'any',
    why: 'for 0, 1 and 2, if the caller has closed them',
  }),
  ...[0, 1, 2].map((fd) => branch(ref('$null'), fd, { then: '$streams' })),
  call('close', [ref('$null')], { tolerate: 'any' }),
]

/**
 * Ignored signals survive clone and execve: whoever started the program may have ignored some (nohup). What Node starts
 * has been reset by posix_spawn.
 */
const resetSignals: readonly Instruction[] = [
  compute('$number', 1),
  label('$reset'),
  call('rt_sigaction', [ref('$number'), DEFAULT_ACTION, null, SIGSET], {
    why: 'back to the default; SIGKILL and SIGSTOP refuse',
    tolerate: ['EINVAL'],
  }),
  compute('$number', ref('$number'), 1, 1),
  branch(ref('$number'), SIGRTMAX + 1, { else: '$reset' }),
]
