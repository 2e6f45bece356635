import {
  AF_UNIX,
  AT_FDCWD,
  CLD_EXITED,
  CLONE_INTO_CGROUP,
  CLONE_PARENT_SETTID,
  CLONE_PIDFD,
  F_SETFD,
  FD_CLOEXEC,
  O_RDWR,
  P_PIDFD,
  POLLIN,
  PR_SET_DUMPABLE,
  PR_SET_PDEATHSIG,
  SIG_BLOCK,
  SIGNALS,
  SIGRTMAX,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  WEXITED,
  WNOHANG,
} from '@rt/sys'
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
} from './instruction.js'
import { CONSOLE_FD, FIRST_UNUSED_FD, LOG_BASE, LOG_FD, SETUP_FAILED, STATUS_FD, SYNC_FD } from './layout.js'
import { linkMounts } from './link-mounts.js'
import { initsWay, isRendezvous, nodesParts, type Rendezvous } from './meetings.js'
import type { Side } from './operation.js'
import { LATCH } from './own-log.js'
import { INIT_MOMENTS, type Moment, type Plan } from './plan.js'
import { CLONE, GATE, PIDFD, SIGINFO } from './vocabulary.js'

/**
 * The skeleton around a plan's steps: the supervisor, the clone, the gate at which init waits, and the messages to Node.
 *
 *     supervisor                                 init
 *     host.prepare, host.open (if privileged)
 *     socketpair, clone3 ───────────────────────► pdeathsig, close the other end
 *     the host's and Node's part of a meeting
 *     a byte opens the gate ────────────────────► read = 1 (0: the supervisor is dead)
 *                                                 init.enter, host.open (if not privileged)
 *     poll(socket): a byte, at each further  ◄─── "here", and wait again
 *       meeting; its part; a byte ──────────────► init.mount … init.execute: execve
 *     poll(socket): closed by execve or death
 *     write "started"
 *     poll(pidfd, status pipe)                    the container's program
 *       status pipe without a reader: Node died ─► SIGKILL
 *     waitid, host.gone, write siginfo, exit
 *
 * A compiled program has nobody to tell: it forwards signals to init, and exits as init did.
 */
export interface Section {
  readonly process: Side
  /** The step's index, or -1 for the frame's own instructions. */
  readonly step: number
  readonly instructions: readonly Instruction[]
  /** Where a fatal failure goes. */
  readonly failTo: string
  /** Failures are recorded but never stop the section. */
  readonly lenient?: boolean
}

/** How the program ends and whom it tells. */
export interface FrameOptions {
  /** `node`: messages on the status pipe; `standalone`: exit as the container did; `apply`: no second process. */
  readonly mode: 'node' | 'standalone' | 'apply'
  /** The container outlives Node: the supervisor does not watch the status pipe. */
  readonly detached?: boolean | undefined
}

/** Messages to Node: 32 bytes each, told apart by their first word. The last one is init's siginfo_t, cut there. */
export const MESSAGE_SIZE = 32
export const STARTED = 1
export const NODES_TURN = 2
export const EXITED = SIGNALS.SIGCHLD

const STDERR = 2

const { SIGCHLD, SIGKILL } = SIGNALS
const SIGSET = 8
/** struct sigaction of zeros: SIG_DFL. */
const DEFAULT_ACTION = new Uint8Array(32)
const ALL_SIGNALS = new Uint8Array(SIGSET).fill(0xff)
/** siginfo_t.si_code of a signal that the terminal sent. */
const SI_KERNEL = 0x80
const WORD32 = 0xffffffff

const pair = GATE
/** The socketpair's ends: two ints in one word. A load at 0 has the other end above it, which the kernel ignores. */
const initEnd = ref(pair, 0)
const supervisorEnd = ref(pair, 4)

/** Lay out a plan's steps in the two processes. */
export function frame(plan: Plan, options: FrameOptions): Section[] {
  const linked = linkMounts(plan)
  return options.mode === 'apply' ? oneProcess(linked) : twoProcesses(linked, options)
}

function twoProcesses(plan: Plan, options: FrameOptions): Section[] {
  const sections: Section[] = []
  const own = (process: Side, instructions: readonly Instruction[], failTo: string, step = -1) =>
    sections.push({ process, step, instructions, failTo })
  const steps = (process: Side, moment: Moment, failTo: string, only?: number) =>
    sections.push(...momentOf(plan, process, moment, failTo, options.mode, only))
  const way = initsWay(plan)
  own('supervisor', supervisorStart(plan, options), '$notCloned')
  steps('supervisor', 'host.prepare', '$notCloned')
  if (plan.opens === 'supervisor') steps('supervisor', 'host.open', '$notCloned')
  own('supervisor', [makeGate], '$notCloned')
  own(
    'supervisor',
    cloneInit(plan),
    '$notCloned',
    plan.steps.findIndex((step) => step.clone),
  )
  own('supervisor', afterClone(plan, options), '$failed')
  sections.push(...hostMeets(plan, way.filter(isRendezvous), options))
  own('supervisor', options.mode === 'node' ? waitForNode(options) : waitStandalone(plan), '$failed')
  steps('supervisor', 'host.gone', '$supervisorFailed')
  own('supervisor', options.mode === 'node' ? tellNode : exitAsInit, '$supervisorFailed')
  own('init', initStart(plan, options), '$initFailed')
  way.forEach((place, index) => {
    if (isRendezvous(place)) own('init', initMeets(index), '$initFailed')
    else steps('init', place.moment, '$initFailed', place.step)
  })
  own('init', [label('$initFailed'), LATCH, label('$initEnds'), call('exit_group', [SETUP_FAILED])], '$initEnds')
  return sections
}

/** `apply`: the calling thread is both processes. What clone would have made is made by unshare. */
function oneProcess(plan: Plan): Section[] {
  const flags = cloneFlags(plan)
  const step = plan.steps.findIndex((each) => each.clone)
  return [
    ...momentOf(plan, 'supervisor', 'host.prepare', '$failed'),
    ...(flags
      ? [{ process: 'supervisor' as const, step, instructions: [call('unshare', [flags])], failTo: '$failed' }]
      : []),
    ...(['host.open', ...INIT_MOMENTS] as const).flatMap((moment) => momentOf(plan, 'supervisor', moment, '$failed')),
    { process: 'supervisor', step: -1, instructions: [label('$end')], failTo: '$failed' },
  ]
}

/** Does a step hand a terminal to Node? */
export const hasConsole = (plan: Plan): boolean => plan.steps.some((step) => step.console)
/** Does Node have a part at a meeting? */
export const hasNodesPart = (plan: Plan): boolean =>
  plan.steps.some((step) => step.meets?.some((meeting) => meeting.node !== undefined))

const clones = (instructions: readonly Instruction[] = []): boolean => instructions.some(({ kind }) => kind === 'clone')
/** Will the supervisor make processes besides init, and so map their logs? */
const hostClones = (plan: Plan): boolean => plan.steps.some((step) => step.meets?.some(({ host }) => clones(host)))
const initClones = (plan: Plan): boolean =>
  plan.steps.some((step) => INIT_MOMENTS.some((moment) => clones(step[moment])))

/** The namespaces that a plan's steps ask for. */
export const cloneFlags = (plan: Plan): number => plan.steps.reduce((all, step) => all | (step.clone ?? 0), 0)

/** What the plan's steps, or one of them, do at a moment. */
function momentOf(
  plan: Plan,
  process: Side,
  moment: Moment,
  failTo: string,
  mode: FrameOptions['mode'] = 'node',
  only?: number,
): Section[] {
  return plan.steps.flatMap((step, index) => {
    const given = step[moment]
    if (!given?.length || (only !== undefined && only !== index)) return []
    const instructions = heard(given, step.name, mode)
    return [{ process, step: index, instructions, failTo, ...(moment === 'host.gone' ? { lenient: true } : {}) }]
  })
}

const heard = (given: readonly Instruction[], step: string, mode: FrameOptions['mode']): readonly Instruction[] =>
  mode === 'standalone' ? given.map((each) => spoken(each, step)) : given

/** The supervisor's side of all meetings, one after the other; it begins right after the clone. */
function hostMeets(plan: Plan, all: readonly Rendezvous[], options: FrameOptions): Section[] {
  let nodesTurns = nodesParts(plan).length
  const own = (instructions: readonly Instruction[], failTo: string): Section => ({
    process: 'supervisor',
    step: -1,
    instructions,
    failTo,
  })
  const askNode = (): Section => {
    nodesTurns--
    return own(
      [
        message(NODES_TURN),
        call('read', [SYNC_FD, buffer('$sync', 8), 1], { save: '$answered', why: 'Node does its part' }),
        branch(ref('$answered'), 1, { else: '$kill' }),
        ...(nodesTurns === 0 ? [call('close', [SYNC_FD])] : []),
      ],
      '$failed',
    )
  }
  return all.flatMap(({ meets }, index) => [
    ...(index === 0 ? [] : [own(awaitInit(options), '$failed')]),
    ...meets.flatMap(({ step, meeting }): Section[] => [
      ...(meeting.host?.length
        ? [
            {
              process: 'supervisor' as const,
              step,
              instructions: heard(meeting.host, plan.steps[step]?.name ?? '', options.mode),
              failTo: '$failed',
            },
          ]
        : []),
      ...(meeting.node ? [askNode()] : []),
    ]),
    own([openGate], '$failed'),
  ])
}

/** Nobody reads the log of an executable of its own. */
const spoken = (instruction: Instruction, step: string): Instruction => {
  if (instruction.kind !== 'warn') return instruction
  const line = `rt: warning: ${step}: ${instruction.message}\n`
  return call('write', [STDERR, line, Buffer.byteLength(line)], { tolerate: 'any' })
}

const supervisorStart = (plan: Plan, options: FrameOptions): Instruction[] => [
  // The program's own memory and fds are nobody's business once init has entered the container's namespaces.
  call('prctl', [PR_SET_DUMPABLE, 0, 0, 0, 0], { why: 'no process of the container may trace or read this one' }),
  ...(options.mode === 'node'
    ? [
        // Each process maps its own log: see own-log.ts. Where a step's exec closes nothing, the execve does.
        call('fcntl', [LOG_FD, F_SETFD, FD_CLOEXEC]),
        // A number that isn't used here becomes that of some step's fd: from now on only its owner closes it.
        ...(hasConsole(plan) ? [] : [call('close', [CONSOLE_FD], { tolerate: 'any' as const })]),
        ...(hasNodesPart(plan) ? [] : [call('close', [SYNC_FD], { tolerate: 'any' as const })]),
        call('close_range', [FIRST_UNUSED_FD, WORD32, 0], {
          why: 'what Node’s caller left open without close-on-exec',
        }),
      ]
    : [
        ...openStreams,
        call('rt_sigprocmask', [SIG_BLOCK, ALL_SIGNALS, null, SIGSET], { why: 'signals are for init: see the loop' }),
        ...resetSignals,
      ]),
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

const makeGate = call('socketpair', [AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, buffer(pair, 16)], {
  why: 'the gate between supervisor and init',
})

const CLONE_ARGS_SIZE = 88

function cloneInit(plan: Plan): Instruction[] {
  const flags = cloneFlags(plan) | CLONE_PIDFD | CLONE_PARENT_SETTID
  const into = plan.steps.find((step) => step.cloneInto)?.cloneInto
  const args = struct(
    'clone_args',
    {
      // Above 32 bits, where numbers have no bits.
      flags: into === undefined ? flags : BigInt(flags) | CLONE_INTO_CGROUP,
      pidfd: address(PIDFD),
      parent_tid: LOG_BASE,
      exit_signal: SIGCHLD,
      ...(into === undefined ? {} : { cgroup: ref(into) }),
    },
    '$cloneArgs',
  )
  return [
    clone('clone3', [args, CLONE_ARGS_SIZE], 'init', {
      save: CLONE,
      child: [goto('$init')],
      why: 'start init in its namespaces',
    }),
  ]
}

const afterClone = (plan: Plan, options: FrameOptions): Instruction[] => [
  call('close', [initEnd]),
  ...(options.mode === 'node' && !hostClones(plan) ? [call('close', [LOG_FD])] : []),
  ...(hasConsole(plan) ? [call('close', [CONSOLE_FD])] : []),
]

const openGate = call('write', [supervisorEnd, 'g', 1], {
  why: 'open the gate',
  // EPIPE: init is dead already, and its own failure is the one to tell.
  onError: { '*': '$kill' },
})

/** pollfd as one word: fd in the low half, events above it. */
const watch = (at: number, fd: ReturnType<typeof ref> | number, events: number): Instruction =>
  compute(`$poll+${at}`, fd, events, 2 ** 32)

const message = (kind: number): Instruction =>
  call('write', [STATUS_FD, struct('timespec', { tv_sec: kind }, `$message${kind}`), MESSAGE_SIZE], { tolerate: 'any' })

/** A status pipe that nobody reads is an error at once, whatever was asked for: Node is dead. */
const nodeIsDead = (options: FrameOptions): Instruction[] =>
  watchesNode(options) ? [branch(ref('$poll', 8), STATUS_FD, { else: '$kill' })] : []

const watchesNode = ({ mode, detached }: FrameOptions): boolean => mode === 'node' && !detached

/** Until init has come to the next meeting; the end of its socket instead means that it has failed. */
const awaitInit = (options: FrameOptions): Instruction[] => [
  watch(0, supervisorEnd, POLLIN),
  ...(watchesNode(options) ? [watch(8, STATUS_FD, 0)] : []),
  call('ppoll', [buffer('$poll', 16), watchesNode(options) ? 2 : 1, 0, 0, SIGSET], { why: 'until init is here' }),
  ...nodeIsDead(options),
  // ECONNRESET: init has ended before it read what was sent to it.
  call('read', [supervisorEnd, buffer('$here', 8), 1], { save: '$isHere', onError: { ECONNRESET: '$kill' } }),
  branch(ref('$isHere'), 1, { else: '$kill' }),
]

/** Init waits at its gate; the first time nobody has to be told. */
const initMeets = (index: number): Instruction[] => [
  ...(index === 0 ? [] : [call('write', [initEnd, 'h', 1], { why: 'here, at a meeting with the supervisor' })]),
  call('read', [initEnd, buffer('$gate', 8), 1], { why: 'wait at the gate', save: '$gateRead' }),
  // The supervisor is dead, or has failed itself.
  branch(ref('$gateRead'), 1, { else: '$initEnds' }),
]

function waitForNode(options: FrameOptions): Instruction[] {
  const watched = options.detached ? 1 : 2
  return [
    watch(0, supervisorEnd, POLLIN),
    ...(options.detached ? [] : [watch(8, STATUS_FD, 0)]),
    call('ppoll', [buffer('$poll', 16), watched, 0, 0, SIGSET], { why: 'until init has executed or failed' }),
    ...nodeIsDead(options),
    message(STARTED),
    watch(0, ref(PIDFD), POLLIN),
    call('ppoll', [buffer('$poll', 16), watched, 0, 0, SIGSET], {
      why: options.detached ? 'until init is dead' : 'until init is dead, or Node is',
    }),
    ...nodeIsDead(options),
    goto('$reap'),
    ...reap,
  ]
}

const reap: Instruction[] = [
  label('$failed'),
  LATCH,
  compute('$gaveUp', 1),
  label('$kill'),
  call('pidfd_send_signal', [ref(PIDFD), SIGKILL, 0, 0], { tolerate: 'any' }),
  label('$reap'),
  call('waitid', [P_PIDFD, ref(PIDFD), buffer(SIGINFO, 128), WEXITED, 0], { tolerate: 'any' }),
  goto('$after'),
  label('$notCloned'),
  LATCH,
  label('$after'),
]

const tellNode: Instruction[] = [
  call('write', [STATUS_FD, buffer(SIGINFO, 128), MESSAGE_SIZE], { tolerate: 'any', why: 'how init ended' }),
  call('exit_group', [0]),
  label('$supervisorFailed'),
  call('exit_group', [SETUP_FAILED]),
]

/**
 * Signals come by rt_sigtimedwait and go on to init. One that the terminal sent has reached init already, unless init
 * has left the terminal's process group (a step that calls setsid).
 */
function waitStandalone(plan: Plan): Instruction[] {
  const ownSession = plan.steps.some((step) =>
    INIT_MOMENTS.some((moment) => step[moment]?.some((each) => each.kind === 'call' && each.call === 'setsid')),
  )
  return [
    label('$wait'),
    call('rt_sigtimedwait', [ALL_SIGNALS, buffer('$signalInfo', 128), null, SIGSET], {
      save: '$signal',
      tolerate: 'any',
    }),
    branch(ref('$signal'), SIGCHLD, { else: '$forward' }),
    call('waitid', [P_PIDFD, ref(PIDFD), buffer(SIGINFO, 128), WEXITED | WNOHANG, 0], { tolerate: 'any' }),
    branch(ref(SIGINFO), SIGCHLD, { mask: WORD32, then: '$after', else: '$wait' }),
    label('$forward'),
    ...(ownSession ? [] : [branch(ref('$signalInfo', 8), SI_KERNEL, { mask: WORD32, then: '$wait' })]),
    call('pidfd_send_signal', [ref(PIDFD), ref('$signal'), 0, 0], { tolerate: 'any' }),
    goto('$wait'),
    ...reap,
  ]
}

const exitAsInit: Instruction[] = [
  // Else the exit would be that of an init which was killed because the set-up failed.
  branch(ref('$gaveUp'), 1, { then: '$supervisorFailed' }),
  branch(ref(SIGINFO), SIGCHLD, { mask: WORD32, else: '$supervisorFailed' }),
  branch(ref(SIGINFO, 8), CLD_EXITED, { mask: WORD32, else: '$signalled' }),
  call('exit_group', [ref(SIGINFO, 24)]),
  label('$signalled'),
  compute('$code', 128, ref(SIGINFO, 24), 1),
  call('exit_group', [ref('$code')]),
  label('$supervisorFailed'),
  call('exit_group', [SETUP_FAILED]),
]

const initStart = (plan: Plan, options: FrameOptions): Instruction[] => [
  label('$init'),
  ...(options.detached
    ? []
    : [call('prctl', [PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0], { why: 'no container without its supervisor' })]),
  call('close', [supervisorEnd]),
  ...(options.mode === 'node'
    ? [
        call('close', [STATUS_FD]),
        ...(initClones(plan) ? [] : [call('close', [LOG_FD])]),
        ...(hasNodesPart(plan) ? [call('close', [SYNC_FD])] : []),
      ]
    : []),
]
