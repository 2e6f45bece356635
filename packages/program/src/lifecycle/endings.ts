import { CLD_EXITED, F_SETFD, SETUP_FAILED, SIG_SETMASK, SIGNALS } from '@rt/sys'
import { LOG_FD, STATUS_FD } from '../assemble/layout.js'
import {
  branch,
  call,
  compute,
  type Instruction,
  kept,
  label,
  load,
  ref,
  struct,
  type Value,
  vector,
} from '../language/instruction.js'
import { SIGINFO, SIGINFO_SIZE } from '../language/vocabulary.js'
import { INHERITS } from './heir.js'
import { NO_SIGNALS, SIGSET } from './signal-set.js'
import type { Speaker } from './supervision.js'
import { WORD32 } from './watch.js'

/** Messages to Node: 32 bytes each, told apart by their first word. The last one is init's siginfo_t, cut there. */
export const MESSAGE_SIZE = 32
export const STARTED = 1
export const NODES_TURN = 2
/** The wall-clock limit has passed. */
export const TIMED_OUT = 3
/** Init is where it waits for its start, and the supervisor leaves. */
export const CREATED = 4
export const EXITED = SIGNALS.SIGCHLD

const words = (kind: number): readonly Value[] => [
  STATUS_FD,
  struct('timespec', { tv_sec: kind }, `$message${kind}`),
  MESSAGE_SIZE,
]

export const message = (kind: number): Instruction => call('write', words(kind), { tolerate: 'any' })

/** The last thing that is told: where nobody hears it any more, there is nobody to own the container. */
export const tellCreated: Instruction = call('write', words(CREATED), {
  why: 'init waits for its start',
  onError: { '*': '$kill' },
})

export const tellNode: readonly Instruction[] = [
  call('write', [STATUS_FD, kept(SIGINFO, SIGINFO_SIZE), MESSAGE_SIZE], { tolerate: 'any', why: 'how init ended' }),
  call('exit_group', [0]),
  label('$supervisorFailed'),
  call('exit_group', [SETUP_FAILED]),
]

/** siginfo_t: si_signo, si_code and si_status are ints. */
const SI_CODE = 8
const SI_STATUS = 24

/**
 * @param speaker is executed instead where the set-up has failed, be it that a program ended with the same code; and where
 *   a SIGKILL may have been the kernel's, for want of memory
 */
export const exitAsInit = (speaker: Speaker | undefined): Instruction[] => [
  // Else the exit would be that of an init which was killed because the set-up failed.
  branch(ref('$gaveUp'), 1, { then: '$supervisorFailed' }),
  compute('$siginfo', kept(SIGINFO, SIGINFO_SIZE)),
  load('$signo', ref('$siginfo')),
  branch(ref('$signo'), SIGNALS.SIGCHLD, { mask: WORD32, else: '$supervisorFailed' }),
  load('$code', ref('$siginfo'), SI_CODE, 1),
  load('$status', ref('$siginfo'), SI_STATUS, 1),
  branch(ref('$code'), CLD_EXITED, { mask: WORD32, else: '$signalled' }),
  ...(speaker ? [branch(ref('$status'), SETUP_FAILED, { mask: WORD32, then: '$supervisorFailed' })] : []),
  call('exit_group', [ref('$status')]),
  label('$signalled'),
  ...(speaker ? [branch(ref('$status'), SIGNALS.SIGKILL, { mask: WORD32, then: '$supervisorFailed' })] : []),
  compute('$code', 128, ref('$status'), 1),
  call('exit_group', [ref('$code')]),
  label('$supervisorFailed'),
  ...(speaker ? speak(speaker) : []),
  label('$speechless'),
  call('exit_group', [SETUP_FAILED]),
]

const speak = ({ file, argv, env }: Speaker): Instruction[] => [
  branch(ref(INHERITS), 1, { then: '$speechless' }),
  call('fcntl', [LOG_FD, F_SETFD, 0]),
  call('rt_sigprocmask', [SIG_SETMASK, NO_SIGNALS, null, SIGSET]),
  call('execve', [file, vector(argv), vector(env)], { why: 'it knows the words for what has failed' }),
]
