import { CLD_EXITED, SIGNALS } from '@rt/sys'
import { SETUP_FAILED, STATUS_FD } from '../assemble/layout.js'
import {
  branch,
  buffer,
  call,
  compute,
  type Instruction,
  label,
  ref,
  struct,
  type Value,
} from '../language/instruction.js'
import { SIGINFO } from '../language/vocabulary.js'
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
  call('write', [STATUS_FD, buffer(SIGINFO, 128), MESSAGE_SIZE], { tolerate: 'any', why: 'how init ended' }),
  call('exit_group', [0]),
  label('$supervisorFailed'),
  call('exit_group', [SETUP_FAILED]),
]

export const exitAsInit: readonly Instruction[] = [
  // Else the exit would be that of an init which was killed because the set-up failed.
  branch(ref('$gaveUp'), 1, { then: '$supervisorFailed' }),
  branch(ref(SIGINFO), SIGNALS.SIGCHLD, { mask: WORD32, else: '$supervisorFailed' }),
  branch(ref(SIGINFO, 8), CLD_EXITED, { mask: WORD32, else: '$signalled' }),
  call('exit_group', [ref(SIGINFO, 24)]),
  label('$signalled'),
  compute('$code', 128, ref(SIGINFO, 24), 1),
  call('exit_group', [ref('$code')]),
  label('$supervisorFailed'),
  call('exit_group', [SETUP_FAILED]),
]
