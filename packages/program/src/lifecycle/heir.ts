import { CLONE_FILES, CLONE_PIDFD, CLONE_VM, P_PIDFD, POLLIN, SIGNALS, WEXITED } from '@rt/sys'
import {
  address,
  branch,
  buffer,
  call,
  clone,
  compute,
  goto,
  type Instruction,
  label,
  ref,
  struct,
} from '../language/instruction.js'
import { PIDFD } from '../language/vocabulary.js'
import { poll, pollfd } from './poll.js'
import { type Watch, watched } from './watch.js'

/**
 * A second process beside a supervisor that nobody else watches over: where the supervisor is killed, it does what that had
 * still to do. It has the same memory and the same descriptors (CLONE_VM, CLONE_FILES), so it knows at every moment what
 * has been made; it sleeps until the supervisor's pidfd says that it is dead. Where the heir is killed, the supervisor ends
 * the container: neither is alone.
 *
 *     supervisor                              heir
 *     clone ────────────────────────────────► ppoll(the supervisor's pidfd)
 *     host.prepare … the loop … host.gone     dead? SIGKILL to init, until that is dead, then $over, host.gone
 *     SIGKILL to the heir, waitid
 */
const HEIR = '$heir'
const SELF = '$self'

/** 1 in the heir, once it is the one who goes on. */
export const INHERITS = '$inherits'

/** Above it is what the machine's registers spill: arm64's frame of 48 bytes; x64 has its red zone below. */
const STACK = 4096
const FRAME = 256

/** As Node waits: its memory is freed first. */
const LONGEST_DEATH_S = 5

const until = (
  name: string,
  pidfd: ReturnType<typeof ref>,
  limit: Parameters<typeof call>[1][number],
): Instruction[] => [
  label(`$until ${name}`),
  pollfd(`${HEIR}.poll`, 0, pidfd, POLLIN),
  poll(`${HEIR}.poll`, 1, limit, {
    why: `until ${name} is dead`,
    onError: { EINTR: `$until ${name}`, '*': `$${name} is dead` },
  }),
  label(`$${name} is dead`),
]

/** The supervisor's first act: nothing has been made yet. */
export const makeHeir: readonly Instruction[] = [
  call('getpid', [], { save: SELF }),
  call('pidfd_open', [ref(SELF), 0], { save: `${SELF}.fd` }),
  compute(INHERITS, 0),
  // The kernel writes an int.
  compute(`${HEIR}.fd`, 0),
  compute(`${HEIR}.stack.at`, buffer(`${HEIR}.stack`, STACK)),
  clone(
    'clone',
    [
      CLONE_VM | CLONE_FILES | CLONE_PIDFD | SIGNALS.SIGCHLD,
      address(`${HEIR}.stack`, STACK - FRAME),
      address(`${HEIR}.fd`),
      0,
      0,
    ],
    'heir',
    {
      shares: `${HEIR}.fd`,
      why: 'it cleans up where this process is killed',
      child: [
        ...until('supervisor', ref(`${SELF}.fd`), 0),
        compute(INHERITS, 1),
        branch(ref(PIDFD), 0, { then: '$no init' }),
        call('pidfd_send_signal', [ref(PIDFD), SIGNALS.SIGKILL, 0, 0], { tolerate: 'any' }),
        ...until('init', ref(PIDFD), struct('timespec', { tv_sec: LONGEST_DEATH_S }, `${HEIR}.limit`)),
        label('$no init'),
        goto('$over'),
      ],
    },
  ),
]

export const heirDies: Watch = {
  name: '$heirGone',
  begin: watched('$heirGone', ref(`${HEIR}.fd`), POLLIN),
  ready: () => [goto('$kill')],
}

/** When all is done. The heir, where it is the one that has done it, ends here. */
export const endHeir: readonly Instruction[] = [
  call('pidfd_send_signal', [ref(`${HEIR}.fd`), SIGNALS.SIGKILL, 0, 0], { tolerate: 'any' }),
  call('waitid', [P_PIDFD, ref(`${HEIR}.fd`), buffer(`${HEIR}.info`, 128), WEXITED, 0], {
    tolerate: 'any',
    why: 'no process is left to whoever takes in orphans',
  }),
]
