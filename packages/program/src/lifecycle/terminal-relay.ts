import {
  AT_FDCWD,
  F_SETFL,
  O_CLOEXEC,
  O_NOCTTY,
  O_NONBLOCK,
  O_RDWR,
  O_WRONLY,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  SEEK_CUR,
  TCGETS,
  TIOCGPTPEER,
} from '@rt/sys'
import {
  address,
  branch,
  buffer,
  call,
  compute,
  goto,
  type Instruction,
  label,
  ref,
  struct,
} from '../language/instruction.js'
import { MASTER } from '../language/vocabulary.js'
import {
  awaitForeground,
  comparedGroups,
  copySize,
  makeRaw,
  newMarks,
  STDIN,
  STDOUT,
  setMode,
  stopSelf,
  TERMIOS_SPACE,
} from './caller-terminal.js'
import { countInterrupts, ECHO } from './interrupts.js'
import { SIGSET } from './signal-set.js'
import type { TerminalReactions } from './signal-watch.js'
import { GRACE_MS } from './supervision.js'
import { graceBegins } from './timers.js'
import { NO_FD, type Watch, watched } from './watch.js'

/** Bytes on the way in each direction. A terminal's own queue holds 4 KiB. */
const SIZE = 4096
/** Ctrl-D: what is piped into a terminal has no other way to end. */
const END_OF_FILE = 4
/**
 * The supervisor between its own stdin and stdout and the container's terminal, whose master is in the word MASTER. Each
 * direction has a buffer, and is read only when that is empty: whoever doesn't read keeps nobody else from going on.
 *
 * @param reads what is typed is passed on, and the caller's terminal is raw meanwhile; else it is only printed to, and
 *   Ctrl-C is a signal to whoever started the program
 */
export function terminalRelay(reads: boolean): { watches: Watch[]; reactions: TerminalReactions } {
  newMarks()
  return {
    watches: [...(reads ? [keys()] : []), master(reads), screen(reads)],
    reactions: {
      resized: copySize,
      suspend: () => (reads ? setMode('$saved') : []),
      resume: () => [...(reads ? [...awaitForeground(), ...setMode('$raw')] : []), ...copySize()],
    },
  }
}

const keys = (): Watch => ({
  name: '$keys',
  begin: [
    ...watched('$keys', STDIN, POLLIN),
    compute('$keys.from', STDIN),
    compute('$keys.left', 0),
    compute('$interrupts', 0),
    ...makeRaw(),
  ],
  prepare: [
    compute('$keys.fd', ref('$keys.from')),
    branch(ref('$keys.left'), 0, { then: '$keys are wanted' }),
    compute('$keys.fd', NO_FD),
    label('$keys are wanted'),
  ],
  ready: () => [
    call('read', [STDIN, buffer('$typed', SIZE), SIZE], {
      save: '$keys.left',
      onError: { EAGAIN: '$nothing typed', EINTR: '$nothing typed', EIO: '$not in front', '*': '$keys end' },
    }),
    compute('$keys.at', address('$typed')),
    branch(ref('$keys.left'), 0, { then: '$keys end' }),
    ...countInterrupts,
    goto('$keys are here'),
    // A background job may not read its terminal; one that is gone has no foreground.
    label('$not in front'),
    compute('$keys.left', 0),
    ...comparedGroups('$hung up', '$hung up'),
    ...stopSelf,
    ...setMode('$raw'),
    ...copySize(),
    goto('$keys are here'),
    label('$keys end'),
    compute('$keys.left', 0),
    compute('$keys.from', NO_FD),
    branch(ref('$isRaw'), 1, { then: '$hung up' }),
    compute('$typed', END_OF_FILE),
    compute('$keys.at', address('$typed')),
    compute('$keys.left', 1),
    goto('$keys are here'),
    label('$nothing typed'),
    compute('$keys.left', 0),
    label('$keys are here'),
  ],
  initDied: [compute('$keys.from', NO_FD), compute('$keys.left', 0)],
  end: setMode('$saved'),
})

const master = (reads: boolean): Watch => ({
  name: '$master',
  drains: true,
  begin: [
    ...watched('$master', ref(MASTER), POLLIN),
    compute('$master.from', ref(MASTER)),
    compute('$master.open', 1),
    call('fcntl', [ref(MASTER), F_SETFL, O_RDWR | O_NONBLOCK]),
    call('ioctl', [ref(MASTER), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC], {
      save: '$slave',
      why: 'held until init is dead: without any, the master would be at its end before the program opens it',
    }),
    ...copySize(),
  ],
  prepare: [
    compute('$master.events', 0),
    branch(ref('$screen.left'), 0, { else: '$screen is full' }),
    compute('$master.events', POLLIN),
    label('$screen is full'),
    ...(reads
      ? [
          branch(ref('$keys.left'), 0, { then: '$nothing to type' }),
          compute('$master.events', ref('$master.events'), POLLOUT, 1),
          label('$nothing to type'),
        ]
      : []),
    compute('$master.fd', ref('$master.from')),
    branch(ref('$master.events'), 0, { else: '$master is wanted' }),
    compute('$master.fd', NO_FD),
    label('$master is wanted'),
  ],
  ready: (happened) => [
    branch(happened, 0, { mask: POLLIN | POLLERR | POLLHUP, then: '$nothing printed' }),
    branch(ref('$screen.left'), 0, { else: '$nothing printed' }),
    call('read', [ref(MASTER), buffer('$printed', SIZE), SIZE], {
      save: '$screen.left',
      onError: { EAGAIN: '$none printed', '*': '$all printed' },
    }),
    compute('$screen.at', address('$printed')),
    ...(reads
      ? [branch(ref('$screen.left'), ECHO, { then: '$an echo' }), compute('$interrupts', 0), label('$an echo')]
      : []),
    ...write('$screen', ref('$screen.to'), '$screen fails', '$nothing printed'),
    goto('$nothing printed'),
    // EIO: nobody has the slave open any more.
    label('$all printed'),
    compute('$master.from', NO_FD),
    compute('$master.open', 0),
    label('$none printed'),
    compute('$screen.left', 0),
    label('$nothing printed'),
    ...(reads
      ? [
          branch(happened, POLLOUT, { mask: POLLOUT, else: '$typed' }),
          ...write('$keys', ref(MASTER), '$typed for nobody', '$typed'),
          goto('$typed'),
          label('$typed for nobody'),
          compute('$keys.left', 0),
          label('$typed'),
        ]
      : []),
  ],
  initDied: [
    call('close', [ref('$slave')], { tolerate: 'any', why: 'from now on the end of the slaves is that of the output' }),
    compute('$slave', NO_FD),
  ],
})

const screen = (reads: boolean): Watch => ({
  name: '$screen',
  drains: true,
  begin: [
    compute('$screen.left', 0),
    compute('$screen.open', 0),
    compute('$screen.to', STDOUT),
    // A file has an offset, which a second description of it would not share; and it never waits.
    call('lseek', [STDOUT, 0, SEEK_CUR], { save: '$offset', onError: { '*': '$waits' } }),
    goto('$screen is set'),
    label('$waits'),
    // A description of its own: O_NONBLOCK on fd 1 would be that of whoever shares it.
    call('openat', [AT_FDCWD, '/proc/self/fd/1', O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC], {
      save: '$own',
      onError: { '*': '$screen is set' },
    }),
    compute('$screen.to', ref('$own')),
    label('$screen is set'),
    compute('$screen.fd', ref('$screen.to')),
  ],
  prepare: [
    compute('$screen.fd', ref('$screen.to')),
    compute('$screen.events', POLLOUT),
    compute('$screen.open', 1),
    branch(ref('$screen.left'), 0, { else: '$screen has some' }),
    compute('$screen.fd', NO_FD),
    compute('$screen.open', 0),
    label('$screen has some'),
  ],
  ready: () => [
    ...write('$screen', ref('$screen.to'), '$screen fails', '$screen is written'),
    goto('$screen is written'),
    label('$screen fails'),
    compute('$screen.left', 0),
    branch(ref('$wrote'), -EPIPE, { else: '$hung up' }),
    // A dead reader kills nobody: the program may be writing elsewhere. What it prints goes nowhere from now on.
    call('openat', [AT_FDCWD, '/dev/null', O_WRONLY | O_CLOEXEC], { save: '$screen.to', onError: { '*': '$hung up' } }),
    goto('$screen is written'),
    // The caller's terminal is gone: the container learns it as from a closed terminal, and has some time to end.
    label('$hung up'),
    ...(reads ? [compute('$keys.from', NO_FD), compute('$keys.left', 0), compute('$isRaw', 0)] : []),
    compute('$master.from', NO_FD),
    compute('$master.open', 0),
    call('close', [ref(MASTER)], { tolerate: 'any' }),
    call('close', [ref('$slave')], { tolerate: 'any' }),
    compute(MASTER, NO_FD),
    compute('$slave', NO_FD),
    ...graceBegins(GRACE_MS),
    label('$screen is written'),
  ],
  end: [
    call('ioctl', [STDOUT, TCGETS, buffer('$outer', TERMIOS_SPACE)], { onError: { '*': '$no reader to wait for' } }),
    call('ppoll', [null, 0, struct('timespec', { tv_nsec: HAND_OVER_NS }, '$handOver'), 0, SIGSET], {
      why: 'until the terminal has passed on the last of it',
      tolerate: 'any',
    }),
    label('$no reader to wait for'),
  ],
})

/**
 * What is written to a terminal comes to its reader by a work queue of the kernel's (flush_to_ldisc). Where the last writer
 * is gone before that has run, the reader can be told of the end (EIO) first: on a busy machine the last lines were lost in
 * one of a hundred runs. No call tells when it has run.
 */
const HAND_OVER_NS = 25_000_000

const EPIPE = 32

/** Write what is left in a direction's buffer: `NAME.left` bytes from `NAME.at` on. */
const write = (name: string, to: ReturnType<typeof ref>, fails: string, full: string): Instruction[] => [
  call('write', [to, ref(`${name}.at`), ref(`${name}.left`)], {
    save: '$wrote',
    onError: { EAGAIN: full, EINTR: full, '*': fails },
  }),
  compute(`${name}.at`, ref(`${name}.at`), ref('$wrote'), 1),
  compute(`${name}.left`, ref(`${name}.left`), ref('$wrote'), -1),
]
