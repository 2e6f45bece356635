import {
  AT_FDCWD,
  CLD_EXITED,
  CLOSE_RANGE_CLOEXEC,
  MFD_CLOEXEC,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  P_PID,
  POLLIN,
  PR_SET_PDEATHSIG,
  RtError,
  SEEK_SET,
  SIG_SETMASK,
  SIGNALS,
  textBytes,
  WEXITED,
} from '@rt/sys'
import { decimal, decimalEnd, decimalText } from '../language/decimal.js'
import {
  branch,
  call,
  clone,
  compute,
  fail,
  type Instruction,
  kept,
  label,
  ref,
  struct,
  vector,
} from '../language/instruction.js'
import { CLONE } from '../language/vocabulary.js'
import { poll, pollfd } from './poll.js'
import { NO_SIGNALS, SIGSET } from './signal-set.js'
import { WORD32 } from './watch.js'

/** A program of the host's, run while init waits at a meeting: a hook, or a helper. */
export interface HostProgram {
  /** In errors, `explain` and `trace`: `hooks.createRuntime[0] "/usr/bin/x"`. No two of a plan have the same name. */
  readonly name: string
  /** Absolute: PATH is not searched. */
  readonly file: string
  /** With the name of the program first; default: the file alone. */
  readonly argv?: readonly string[]
  /** The whole environment, as `NAME=value`; default: none. */
  readonly env?: readonly string[]
  /**
   * What it reads: OCI's state, say. Init's pid on the host stands wherever {@link PID_HERE} does; nobody knows it before.
   */
  readonly stdin?: string
  /** Milliseconds after which it is killed, and the set-up fails; default: it has as long as it takes. */
  readonly timeoutMs?: number
}

/** Where the text of a program's stdin names init's pid. */
export const PID_HERE = '\u0000pid\u0000'

const OUTPUT_SIZE = 4096
/** siginfo_t of waitid(2): si_code at 8, si_status at 24. */
const SIGINFO_SIZE = 128

/**
 * Instructions for the host's part of a meeting: run a program and wait for it. Its stdout and stderr are kept for the
 * error, where it fails; what it leaves running is its own. It starts in "/", with no signal blocked and no other
 * descriptor, and dies with the supervisor.
 *
 * @throws RtError RT_INVALID_OPTION for a path that is not absolute, a NUL, or a time that is none
 */
export function hostProgram(program: HostProgram): Instruction[] {
  check(program)
  const { name, file, argv = [file], env = [], stdin = '', timeoutMs } = program
  const [output, info] = [`output of ${name}`, `status of ${name}`]
  // A plus would begin an offset.
  const own = (word: string): string => `${name.replaceAll('+', ' ')}: ${word}`
  const [input, out, child] = [own('stdin'), own('output'), own('pid')]
  const failed = { output, status: info }
  return [
    call('memfd_create', ['stdin', MFD_CLOEXEC], { save: input }),
    ...write(input, stdin, own('init')),
    call('lseek', [ref(input), 0, SEEK_SET]),
    call('memfd_create', ['output', MFD_CLOEXEC], { save: out }),
    clone('clone', [SIGNALS.SIGCHLD, 0, 0, 0, 0], name, {
      save: child,
      why: `to run ${file}`,
      child: [
        call('prctl', [PR_SET_PDEATHSIG, SIGNALS.SIGKILL, 0, 0, 0], { why: 'it ends with the supervisor' }),
        call('dup3', [ref(input), 0, 0]),
        call('dup3', [ref(out), 1, 0]),
        call('dup3', [ref(out), 2, 0]),
        call('openat', [AT_FDCWD, '/', O_PATH | O_DIRECTORY | O_CLOEXEC], { save: own('root') }),
        call('fchdir', [ref(own('root'))]),
        call('close_range', [3, WORD32, CLOSE_RANGE_CLOEXEC]),
        call('rt_sigprocmask', [SIG_SETMASK, NO_SIGNALS, null, SIGSET]),
        call('execve', [file, vector(argv), vector(env)], {
          hints: { ENOENT: `there is no ${JSON.stringify(file)} on the host`, EACCES: 'make it executable' },
        }),
      ],
    }),
    ...(timeoutMs === undefined ? [] : awaitWithLimit(own, child, timeoutMs)),
    call('waitid', [P_PID, ref(child), kept(info, SIGINFO_SIZE), WEXITED, 0], { why: 'until it has ended' }),
    // The first words of what waitid has written lie in the log, which the machine can read as any memory.
    ...loadStatus(own, info),
    branch(ref(own('code')), CLD_EXITED, { mask: WORD32, else: own('failed') }),
    branch(ref(own('status')), 0, { mask: WORD32, then: own('done') }),
    label(own('failed')),
    call('pread64', [ref(out), kept(output, OUTPUT_SIZE), OUTPUT_SIZE, 0], { tolerate: 'any' }),
    fail(`${name} failed`, undefined, 'RT_HOOK', failed),
    ...(timeoutMs === undefined
      ? []
      : [
          label(own('late')),
          call('kill', [ref(child), SIGNALS.SIGKILL], { tolerate: 'any' }),
          call('waitid', [P_PID, ref(child), kept(info, SIGINFO_SIZE), WEXITED, 0], { tolerate: 'any' }),
          call('pread64', [ref(out), kept(output, OUTPUT_SIZE), OUTPUT_SIZE, 0], { tolerate: 'any' }),
          fail(`${name} was killed: it had not ended after ${timeoutMs} ms`, undefined, 'RT_TIMEOUT', { output }),
        ]),
    label(own('done')),
    call('close', [ref(input)]),
    call('close', [ref(out)]),
  ]
}

const loadStatus = (own: (word: string) => string, info: string): Instruction[] => [
  compute(own('info'), kept(info, SIGINFO_SIZE)),
  { kind: 'load', save: own('code'), base: ref(own('info')), left: 8, right: 1 },
  { kind: 'load', save: own('status'), base: ref(own('info')), left: 24, right: 1 },
]

function awaitWithLimit(own: (word: string) => string, child: string, timeoutMs: number): Instruction[] {
  const time = { tv_sec: Math.floor(timeoutMs / 1000), tv_nsec: (timeoutMs % 1000) * 1_000_000 }
  return [
    call('pidfd_open', [ref(child), 0], { save: own('pidfd') }),
    pollfd(own('poll'), 0, ref(own('pidfd')), POLLIN),
    poll(own('poll'), 1, struct('timespec', time, own('limit')), {
      save: own('ready'),
      why: 'until it has ended, or its time is over',
    }),
    call('close', [ref(own('pidfd'))]),
    branch(ref(own('ready')), 0, { then: own('late') }),
  ]
}

/** Text in pieces, with the pid between them. */
function write(fd: string, text: string, word: string): Instruction[] {
  const pieces = text.split(PID_HERE)
  return pieces.flatMap((piece, index) => [
    ...(index === 0
      ? []
      : [
          ...(index === 1 ? decimal(word, ref(CLONE)) : []),
          compute(`${word}.length`, decimalEnd(word), decimalText(word), -1),
          call('write', [ref(fd), decimalText(word), ref(`${word}.length`)]),
        ]),
    ...(piece === '' ? [] : [call('write', [ref(fd), textBytes(piece), textBytes(piece).length])]),
  ])
}

function check({ name, file, timeoutMs }: HostProgram): void {
  if (!file.startsWith('/')) {
    throw new RtError('RT_INVALID_OPTION', `${name}: ${JSON.stringify(file)} is no absolute path`)
  }
  if (timeoutMs !== undefined && !(Number.isInteger(timeoutMs) && timeoutMs > 0)) {
    throw new RtError('RT_INVALID_OPTION', `${name}: expected whole milliseconds above 0, got ${timeoutMs}`)
  }
}
