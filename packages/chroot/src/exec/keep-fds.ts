import {
  branch,
  buffer,
  call,
  compute,
  fail,
  GATE,
  goto,
  type Instruction,
  label,
  type Ref,
  ref,
  struct,
} from '@rt/program'
import { F_DUPFD_CLOEXEC, O_CLOEXEC } from '@rt/sys'

const SIGSET_SIZE = 8
const LAST_FD = 0xffffffff
export const FIRST_FD = 3

/**
 * Move the fds to keep to 3, 4, … and close all others but one, the gate: a socket, through which no path leads, and
 * which the execve closes, so that the supervisor hears of it just then.
 */
export function keepOnly(fds: readonly (number | Ref)[], endsWithSupervisor: boolean): Instruction[] {
  const gate = FIRST_FD + fds.length
  const down = fds.map((_, i) => call('dup3', [ref(`fd ${FIRST_FD + i}`), FIRST_FD + i, 0]))
  return [
    // First out of the way of each other, then down.
    ...fds.map((fd, i) => call('fcntl', [fd, F_DUPFD_CLOEXEC, gate + 1], { save: `fd ${FIRST_FD + i}` })),
    call('fcntl', [ref(GATE), F_DUPFD_CLOEXEC, gate + 1], {
      save: 'gate',
      of: 'gate',
      onError: { EINVAL: 'no room', EMFILE: 'no room' },
    }),
    ...down,
    call('dup3', [ref('gate'), gate, O_CLOEXEC]),
    call('close_range', [gate + 1, LAST_FD, 0], { why: 'nothing of the host may be reachable from inside' }),
    ...(endsWithSupervisor ? isSupervisorAlive(gate) : [goto('closed')]),
    label('no room'),
    ...down,
    call('close_range', [gate, LAST_FD, 0], { why: 'RLIMIT_NOFILE has no room for the gate: it opens a moment early' }),
    label('closed'),
  ]
}

/** From a change of credentials until now its death told nobody; the other end of the gate does. */
const isSupervisorAlive = (gate: number): Instruction[] => [
  // struct pollfd as one word: the fd, and no events but those that are always told.
  compute('poll+0', gate),
  call('ppoll', [buffer('poll', 16), 1, struct('timespec', {}), null, SIGSET_SIZE], { save: 'hung up' }),
  branch(ref('hung up'), 0, { then: 'closed' }),
  fail('the supervisor is gone', 'it was killed while the container was set up'),
]
