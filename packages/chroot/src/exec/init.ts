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
  type Step,
} from '@rt/program'
import {
  type OptionKeys,
  PR_SET_CHILD_SUBREAPER,
  PR_SET_DUMPABLE,
  PR_SET_NAME,
  refuseUnknownOptions,
  SIG_SETMASK,
  SIGNALS,
  TIOCSPGRP,
  WNOHANG,
} from '@rt/sys'
import { asked } from '../complaints.js'
import { type CapabilitySets, dropKept } from '../process/capabilities/capabilities.js'
import { dieWithParent } from './die-with-parent.js'

export interface InitOptions {
  readonly origin?: string
  /** The plan has the step `terminal`: the program gets a process group of its own, in the terminal's foreground. */
  readonly terminal?: boolean
  /**
   * The program's sets, where the step `capabilities` keeps more until the execve: this process, which never executes,
   * takes them itself.
   */
  readonly capabilities?: CapabilitySets
  /** As in `exec`: the signal that kills the reaper when the supervisor is gone; default SIGKILL, 0 for none. */
  readonly parentDeathSignal?: number
}

const { SIGCHLD, SIGKILL } = SIGNALS
const SIGSET_SIZE = 8
const ALL_SIGNALS = new Uint8Array(SIGSET_SIZE).fill(0xff)
const STDIN = 0
/** siginfo_t: si_code, an int; SI_KERNEL is what a terminal's signals have. */
const SI_CODE = 8
const SI_KERNEL = 0x80
const WORD32 = 0xffffffff
/** The status of wait4(2): the signal in bits 0–6, "core dumped" in bit 7, the exit code in bits 8–15. */
const SIGNAL_BITS = 0x7f
const CORE_DUMPED = 0x80

const OPTIONS: OptionKeys<InitOptions> = {
  origin: true,
  terminal: true,
  parentDeathSignal: true,
  capabilities: true,
}

/**
 * A reaping init, Docker's `--init`: right before `exec` (or what comes with it: `closeDescriptors`, `seccomp`), clone once more. The child
 * goes on to the `exec`; this process
 * stays as process 1, takes up orphans, passes signals on and ends as the child does (128 + n for signal n).
 *
 *     init                                         child
 *     clone ──────────────────────────────────────► (own process group, terminal's foreground)
 *     close all fds but 0, 1, 2                      exec
 *     rt_sigtimedwait: SIGCHLD → wait4 until none is left, the child → exit
 *                      else    → kill(child, signal)
 *
 * It runs with the user and the capabilities of the program, from the sealed memfd, and can't be traced from inside.
 */
export function init(options: InitOptions = {}): Step {
  refuseUnknownOptions('init', options, OPTIONS)
  const { terminal = false, parentDeathSignal = SIGKILL, capabilities } = options
  return {
    name: 'init',
    why: 'process 1 must reap orphans, and the kernel ignores signals to it that it does not handle',
    ...asked(options.origin),
    'init.execute': [
      // Before the clone: from here on the death of the supervisor ends this process, and an earlier one is noticed by
      // the child's `exec`.
      ...dieWithParent(parentDeathSignal),
      call('rt_sigprocmask', [SIG_SETMASK, ALL_SIGNALS, null, SIGSET_SIZE], {
        why: 'a blocked signal waits, where process 1 would never see it',
      }),
      clone('clone', [SIGCHLD, 0, 0, 0, 0], 'program', {
        save: 'child',
        why: 'the container’s program',
        parent: [
          ...(capabilities ? [dropKept(capabilities)] : []),
          call('close_range', [3, WORD32, 0], {
            why: 'the gate too: the supervisor waits for the execve of the child',
          }),
          call('prctl', [PR_SET_DUMPABLE, 0, 0, 0, 0], {
            why: 'no process of the container may trace or read this one',
          }),
          call('prctl', [PR_SET_NAME, 'init', 0, 0, 0]),
          call('prctl', [PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0], { why: 'for a plan without a pid namespace of its own' }),
          ...waitAndForward(terminal),
        ],
      }),
      ...(terminal ? foreground : []),
    ],
  }
}

const waitAndForward = (terminal: boolean): Instruction[] => [
  label('wait'),
  call('rt_sigtimedwait', [ALL_SIGNALS, buffer('info', 128), null, SIGSET_SIZE], {
    save: 'signal',
    onError: { '*': 'wait' },
  }),
  branch(ref('signal'), SIGCHLD, { then: 'reap' }),
  // Without a process group of its own the child has had what the terminal sent; not twice.
  ...(terminal ? [] : [branch(ref('info', SI_CODE), SI_KERNEL, { mask: WORD32, then: 'wait' })]),
  call('kill', [ref('child'), ref('signal')], { why: 'pass it on', tolerate: 'any' }),
  goto('wait'),
  label('reap'),
  // One SIGCHLD may stand for many children.
  call('wait4', [-1, buffer('status', 16), WNOHANG, null], { save: 'dead', onError: { '*': 'wait' } }),
  branch(ref('dead'), 0, { then: 'wait' }),
  compute('difference', ref('dead'), ref('child'), -1),
  branch(ref('difference'), 0, { else: 'reap' }),
  branch(ref('status'), 0, { mask: SIGNAL_BITS, else: 'killed' }),
  // exit_group takes the lowest byte of its argument; one byte further on is the exit code.
  call('exit_group', [ref('status', 1)]),
  label('killed'),
  branch(ref('status'), CORE_DUMPED, { mask: CORE_DUMPED, else: 'no core' }),
  // Signal and bit 7 together are 128 + signal already.
  call('exit_group', [ref('status')]),
  label('no core'),
  compute('code', 128, ref('status'), 1),
  call('exit_group', [ref('code')]),
]

/** As a shell does for its foreground job. SIGTTOU is blocked, so the call is not stopped. */
const foreground: readonly Instruction[] = [
  call('setpgid', [0, 0]),
  call('getpid', [], { save: 'group' }),
  call('ioctl', [STDIN, TIOCSPGRP, address('group')], { tolerate: ['ENOTTY', 'ENXIO', 'EBADF'] }),
]
