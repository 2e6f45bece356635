import {
  branch,
  buffer,
  call,
  compute,
  fail,
  goto,
  type Instruction,
  label,
  type Ref,
  ref,
  type Step,
  struct,
  type Text as TextValue,
  vector,
} from '@rt/program'
import { type Complaint, F_DUPFD_CLOEXEC, MAX_ARG_STRLEN, O_CLOEXEC, SIG_SETMASK, SIGNALS, SIGRTMAX } from '@rt/sys'
import { candidates, type Text } from './candidates.js'
import { asked, refuse } from './complaints.js'
import { dieWithParent } from './die-with-parent.js'

export interface ExecOptions {
  /** `NAME=value`, all of it: nothing is inherited. */
  readonly env: readonly Text[]
  readonly origin?: string
  /** What the program sees as its argv[0], where that is not what it is found by (a login shell's "-sh"). */
  readonly argv0?: Text
  /**
   * fds for the program besides 0, 1 and 2: they become 3, 4, … A number is that of the supervisor's process, a ref a
   * word that a step saved.
   */
  readonly fds?: readonly (number | Ref)[]
  /**
   * The signal that kills the program when its parent is gone; default SIGKILL, 0 for none (a container that outlives
   * its supervisor).
   */
  readonly parentDeathSignal?: number
}

const SIGSET_SIZE = 8
/** Zeros: no signals, or SIG_DFL. */
const EMPTY_SIGSET = new Uint8Array(SIGSET_SIZE)
const DEFAULT_ACTION = new Uint8Array(32)
const LAST_FD = 0xffffffff
const FIRST_FD = 3

/** The gate of the frame (program/src/frame.ts): the supervisor takes its closing for the execve. */
const GATE = ref('$pair', 0)

/** What tells a command that isn't there from one that can't be run; as execvp(3) the search goes on after them. */
const NOT_HERE = ['ENOENT', 'ENOTDIR', 'ESTALE', 'ENODEV', 'ETIMEDOUT'] as const

/**
 * Replace init by the container's program; the last step. A name without a slash is looked for in $PATH of `env` by
 * execve itself, inside the root. If nothing could be executed, the error is EACCES where one candidate was there and
 * could not be run, else ENOENT: a shell's 126 and 127. {@link diagnoseExec} finds out more.
 *
 * Every other fd is closed before, not at, the execve: a path below /proc/self/fd must not find one (CVE-2024-21626).
 *
 * @param argv the command and its arguments; text, or bytes where a name is not UTF-8
 * @throws RtError RT_INVALID_OPTION for an empty argv, a string with a NUL or longer than the kernel takes (128 KiB)
 */
export function exec(argv: readonly Text[], options: ExecOptions): Step {
  const { env, fds = [], parentDeathSignal = SIGNALS.SIGKILL } = options
  refuse('cannot run this command', complaints(argv, options))
  const files = candidates(argv[0] as Text, env)
  const seen = vector([options.argv0 ?? (argv[0] as Text), ...argv.slice(1)])
  const environment = vector(env)
  const attempt = (file: Text, more: Parameters<typeof call>[2] = {}) =>
    call('execve', [value(file), seen, environment], {
      of: Buffer.from(file).toString(),
      ...more,
      hints: { E2BIG: tooBig(argv, env) },
    })
  const last = files.length - 1
  return {
    name: 'exec',
    why: 'become the container’s program',
    ...asked(options.origin),
    inside: [
      ...dieWithParent(parentDeathSignal),
      ...keepOnly(fds, parentDeathSignal !== 0),
      ...resetSignals,
      ...(last === 0 ? [] : files.map((file) => attempt(file, { tolerate: [...NOT_HERE, 'EACCES'] }))),
      ...files.map((file, i) =>
        attempt(file, {
          ...(i === last ? {} : { tolerate: NOT_HERE }),
          ...(i === 0 && last > 0 ? { why: 'none was executed: once more, for the error of one that was denied' } : {}),
        }),
      ),
    ],
  }
}

const value = (text: Text): string | TextValue => (typeof text === 'string' ? text : { text })

/**
 * Move the fds to keep to 3, 4, … and close all others but one, the gate: a socket, through which no path leads, and
 * which the execve closes, so that the supervisor hears of it just then.
 */
function keepOnly(fds: readonly (number | Ref)[], endsWithSupervisor: boolean): Instruction[] {
  const gate = FIRST_FD + fds.length
  return [
    // First out of the way of each other, then down.
    ...fds.map((fd, i) => call('fcntl', [fd, F_DUPFD_CLOEXEC, gate + 1], { save: `fd ${FIRST_FD + i}` })),
    call('fcntl', [GATE, F_DUPFD_CLOEXEC, gate + 1], {
      save: 'gate',
      of: 'gate',
      onError: { EINVAL: 'no room', EMFILE: 'no room' },
    }),
    ...fds.map((_, i) => call('dup3', [ref(`fd ${FIRST_FD + i}`), FIRST_FD + i, 0])),
    call('dup3', [ref('gate'), gate, O_CLOEXEC]),
    call('close_range', [gate + 1, LAST_FD, 0], { why: 'nothing of the host may be reachable from inside' }),
    ...(endsWithSupervisor ? isSupervisorAlive(gate) : [goto('closed')]),
    label('no room'),
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

/** Ignored signals and the mask survive an execve: whoever started rt may have ignored some (nohup). */
const resetSignals: readonly Instruction[] = [
  compute('signal', 1),
  label('next signal'),
  call('rt_sigaction', [ref('signal'), DEFAULT_ACTION, null, SIGSET_SIZE], {
    why: 'back to the default; SIGKILL and SIGSTOP refuse',
    tolerate: ['EINVAL'],
  }),
  compute('signal', ref('signal'), 1, 1),
  branch(ref('signal'), SIGRTMAX + 1, { else: 'next signal' }),
  call('rt_sigprocmask', [SIG_SETMASK, EMPTY_SIGSET, null, SIGSET_SIZE]),
]

/** Bytes of a string for the kernel: with its NUL and a pointer to it. */
const size = (texts: readonly Text[]): number => texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1 + 8, 0)

const tooBig = (argv: readonly Text[], env: readonly Text[]): string =>
  `arguments (${size(argv)} bytes) and environment (${size(env)} bytes) may take a quarter of the stack limit: 2 MiB at the ` +
  'usual 8 MiB; raise it (--ulimit stack=…, 6 MiB at most can be used so), or pass the data in a file'

function complaints(argv: readonly Text[], options: ExecOptions): Complaint[] {
  const found: Complaint[] = []
  const check = (path: string, text: Text): void => {
    const bytes = Buffer.from(text)
    if (bytes.includes(0)) found.push({ path, message: 'has a NUL byte in it, at which the kernel ends text' })
    else if (bytes.length >= MAX_ARG_STRLEN) {
      found.push({ path, message: `is ${bytes.length} bytes long; the kernel takes at most ${MAX_ARG_STRLEN - 1}` })
    }
  }
  if (argv.length === 0) found.push({ path: 'argv', message: 'is empty: expected a command' })
  argv.forEach((text, i) => {
    check(`argv[${i}]`, text)
  })
  options.env.forEach((entry, i) => {
    check(`env[${i}]`, entry)
    if (Buffer.from(entry).indexOf('=') < 1) found.push({ path: `env[${i}]`, message: 'is not NAME=value' })
  })
  if (options.argv0 !== undefined) check('argv0', options.argv0)
  return found
}
