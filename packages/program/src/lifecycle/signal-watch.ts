import { POLLIN, SFD_CLOEXEC, SFD_NONBLOCK, SIGNALS } from '@rt/sys'
import { branch, buffer, call, compute, goto, type Instruction, label, ref } from '../language/instruction.js'
import { CLONE, PIDFD } from '../language/vocabulary.js'
import { ALL_SIGNALS, SIGSET } from './signal-set.js'
import { GRACE_MS, type SignalHandling } from './supervision.js'
import { graceBegins } from './timers.js'
import { lower, type Watch } from './watch.js'

const { SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGKILL, SIGPIPE, SIGSTOP, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH } =
  SIGNALS
const STDERR = 2
/** struct signalfd_siginfo: ssi_signo first, ssi_code at 8. */
const SIGNALFD_SIGINFO = 128
const SSI_CODE = 8
/** si_code of a signal that the terminal sent. */
const SI_KERNEL = 0x80
const WORD32 = 0xffffffff

/** What a terminal's relay does at some signals; each time it is asked for, with labels of its own. */
export interface TerminalReactions {
  /** The caller's terminal has another size. */
  readonly resized: () => readonly Instruction[]
  /** Before the supervisor is stopped, and when it goes on. */
  readonly suspend: () => readonly Instruction[]
  readonly resume: () => readonly Instruction[]
}

/** Process 1 of a pid namespace gets only the signals that it has a handler for; pid_namespaces(7). */
const IGNORED =
  'rt: still running: process 1 of a container ignores signals that it does not handle (--init does); once more kills it\n'

/**
 * All signals are blocked, and come by signalfd(2). With `handling` they go on to init: SIGTERM as the stop signal, the
 * third of those that ask for an end as SIGKILL, and a hang-up with a limit. One that the terminal sent has reached init
 * already, unless init has left the process group. Without, they are those of whoever started the supervisor, and only
 * what a terminal needs is looked at.
 */
export function signals(handling: SignalHandling | undefined, terminal: TerminalReactions | undefined): Watch {
  const done = '$signal is dealt with'
  const at = (signal: number, then: readonly Instruction[]): Instruction[] => [
    branch(ref('$signo'), signal, { else: `$not ${signal}` }),
    ...then,
    goto(done),
    label(`$not ${signal}`),
  ]
  const stop = (): Instruction[] => [
    ...(terminal?.suspend() ?? []),
    call('getpid', [], { save: '$self' }),
    call('kill', [ref('$self'), SIGSTOP], { why: 'as any program in the foreground', tolerate: 'any' }),
    ...(terminal?.resume() ?? []),
  ]
  return {
    name: '$signals',
    begin: [
      call('signalfd4', [-1, ALL_SIGNALS, SIGSET, SFD_CLOEXEC | SFD_NONBLOCK], { save: '$signals.fd' }),
      compute('$signals.events', POLLIN),
      compute('$asked', 0),
    ],
    ready: () => [
      call('read', [ref('$signals.fd'), buffer('$signal', SIGNALFD_SIGINFO), SIGNALFD_SIGINFO], {
        onError: { EAGAIN: done },
      }),
      ...lower('$signo', ref('$signal')),
      // Init's death comes by its pidfd, and a reader's by EPIPE.
      ...[SIGCHLD, SIGPIPE].map((signal) => branch(ref('$signo'), signal, { then: done })),
      ...(terminal ? [...at(SIGWINCH, terminal.resized()), ...(handling ? [] : at(SIGCONT, terminal.resume()))] : []),
      ...(handling ? forward(handling, stop()) : [SIGTSTP, SIGTTIN, SIGTTOU].flatMap((signal) => at(signal, stop()))),
      label(done),
    ],
  }
}

function forward({ stop: stopSignal, insist = 0 }: SignalHandling, stop: readonly Instruction[]): Instruction[] {
  const send: Instruction = call('pidfd_send_signal', [ref(PIDFD), ref('$signo'), 0, 0], { tolerate: 'any' })
  return [
    branch(ref('$signal', SSI_CODE), SI_KERNEL, { mask: WORD32, else: '$forward' }),
    // The same process group? Then init has had it.
    call('getpgid', [0], { save: '$group', tolerate: 'any' }),
    call('getpgid', [ref(CLONE)], { save: '$groupOfInit', tolerate: 'any' }),
    compute('$difference', ref('$group'), ref('$groupOfInit'), -1),
    branch(ref('$difference'), 0, { then: '$was sent' }),
    label('$forward'),
    ...(insist > 0
      ? [
          ...[SIGINT, SIGTERM].map((signal) => branch(ref('$signo'), signal, { then: '$asks' })),
          goto('$renamed'),
          label('$asks'),
          compute('$asked', ref('$asked'), 1, 1),
          branch(ref('$asked'), insist - 1, { else: '$insists' }),
          call('write', [STDERR, IGNORED, Buffer.byteLength(IGNORED)], { tolerate: 'any' }),
          label('$insists'),
          branch(ref('$asked'), insist, { else: '$renamed' }),
          compute('$signo', SIGKILL),
          label('$renamed'),
        ]
      : []),
    ...(stopSignal === undefined
      ? []
      : [branch(ref('$signo'), SIGTERM, { else: '$as it is' }), compute('$signo', stopSignal), label('$as it is')]),
    send,
    label('$was sent'),
    branch(ref('$signo'), SIGHUP, { else: '$no hang-up' }),
    ...graceBegins(GRACE_MS),
    label('$no hang-up'),
    ...[SIGTSTP, SIGTTIN, SIGTTOU].map((signal) => branch(ref('$signo'), signal, { then: '$stops' })),
    goto('$goes on'),
    label('$stops'),
    ...stop,
    label('$goes on'),
  ]
}
