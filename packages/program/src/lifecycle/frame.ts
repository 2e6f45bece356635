import {
  AF_UNIX,
  AT_FDCWD,
  CLONE_INTO_CGROUP,
  CLONE_PARENT,
  CLONE_PARENT_SETTID,
  CLONE_PIDFD,
  F_SETFD,
  FD_CLOEXEC,
  O_CLOEXEC,
  O_RDONLY,
  O_RDWR,
  POLLIN,
  PR_SET_DUMPABLE,
  PR_SET_NAME,
  PR_SET_PDEATHSIG,
  RtError,
  SIG_BLOCK,
  SIGNALS,
  SIGRTMAX,
  SOCK_CLOEXEC,
  SOCK_STREAM,
} from '@rt/sys'
import { CONSOLE_FD, FIRST_UNUSED_FD, LOG_BASE, LOG_FD, SETUP_FAILED, STATUS_FD, SYNC_FD } from '../assemble/layout.js'
import type { Side } from '../assemble/operation.js'
import { ALONE, LATCH } from '../assemble/own-log.js'
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
import { CLONE, GATE, givenFd, MASTER, PIDFD } from '../language/vocabulary.js'
import { linkMounts } from '../plan/link-mounts.js'
import { handedOver, initsWay, isRendezvous, nodesParts, type Rendezvous } from '../plan/meetings.js'
import { INIT_MOMENTS, type Meeting, type Moment, type Plan } from '../plan/plan.js'
import { exitAsInit, message, NODES_TURN, STARTED, TIMED_OUT, tellCreated, tellNode } from './endings.js'
import { receiveDescriptor, sendDescriptor, sendTo } from './hand-over.js'
import { endHeir, heirDies, makeHeir } from './heir.js'
import { initDies, initExecutes } from './init-watches.js'
import {
  cloneMiddle,
  FLAGS_OF_MIDDLE,
  LOST_MIDDLE,
  MIDDLE,
  meetInit,
  middleBegins,
  middleEnds,
  noInit,
  started,
  startLimit,
  startLimitFd,
  startLimitWatch,
} from './middle.js'
import { nodeGone } from './node-gone.js'
import { signals } from './signal-watch.js'
import { reap, supervise } from './supervise.js'
import { checkSupervision, hasLog, type Supervision, TOLD_TO_NODE } from './supervision.js'
import { terminalRelay } from './terminal-relay.js'
import { grace, wallLimit } from './timers.js'
import type { Watch } from './watch.js'

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
 *     supervise (lifecycle/): poll of all watches the container's program
 *       init's socket is closed: "started"
 *       Node is dead, time is over … ───────────► SIGKILL
 *     waitid, host.gone, the ending
 *
 * Where nobody watches over the supervisor it has an heir (heir.ts); where namespaces are joined a middle (middle.ts); one
 * that leaves (`Supervision.leaves`) is gone after the last meeting.
 */
export interface Section {
  readonly process: Side
  /** By what process of that side, if not the one that goes its way. */
  readonly runBy?: string
  /** The step's index, or -1 for the frame's own instructions. */
  readonly step: number
  readonly instructions: readonly Instruction[]
  /** Where a fatal failure goes. */
  readonly failTo: string
  /** Failures are recorded but never stop the section. */
  readonly lenient?: boolean
}

const STDERR = 2

const { SIGCHLD, SIGKILL } = SIGNALS
const SIGSET = 8
/** Where revents lie in a struct pollfd. */
const REVENTS = 6
/** struct sigaction of zeros: SIG_DFL. */
const DEFAULT_ACTION = new Uint8Array(32)
const ALL_SIGNALS = new Uint8Array(SIGSET).fill(0xff)
const WORD32 = 0xffffffff

const pair = GATE
/** The socketpair's ends: two ints in one word. A load at 0 has the other end above it, which the kernel ignores. */
const initEnd = ref(pair, 0)
const supervisorEnd = ref(pair, 4)

/** Lay out a plan's steps in the two processes. */
export function frame(given: Plan, supervision: Supervision): Section[] {
  checkSupervision(supervision)
  const plan = linkMounts(given)
  if (supervision.leaves) checkStart(plan)
  const sections: Section[] = []
  const own = (process: Side, instructions: readonly Instruction[], failTo: string, step = -1) =>
    sections.push({ process, step, instructions, failTo })
  const steps = (process: Side, moment: Moment, failTo: string, only?: number) =>
    sections.push(...momentOf(plan, process, moment, failTo, supervision, only))
  const way = initsWay(plan)
  own('supervisor', supervisorStart(plan, supervision), '$notCloned')
  if (hasHeir(plan, supervision)) own('supervisor', makeHeir, '$notCloned')
  steps('supervisor', 'host.prepare', '$notCloned')
  if (plan.opens === 'supervisor') steps('supervisor', 'host.open', '$notCloned')
  own('supervisor', [makeGate], '$notCloned')
  const cloning = plan.steps.findIndex((step) => step.clone)
  if (joins(plan)) {
    own('supervisor', [...startLimit, cloneMiddle], '$notCloned')
    const status = watchesNode(supervision) ? STATUS_FD : undefined
    own('supervisor', [...afterClone(plan, supervision), ...meetInit(supervisorEnd, status)], LOST_MIDDLE)
  } else {
    own('supervisor', cloneInit(plan), '$notCloned', cloning)
    own('supervisor', afterClone(plan, supervision), '$failed')
  }
  sections.push(...hostMeets(plan, way.filter(isRendezvous), supervision))
  own('supervisor', supervision.leaves ? reap([]) : supervise(watches(plan, supervision)), '$failed')
  own('supervisor', [goto('$after'), ...(joins(plan) ? noInit : [])], LOST_MIDDLE)
  own('supervisor', notCloned, '$failed')
  steps('supervisor', 'host.gone', '$supervisorFailed')
  if (hasHeir(plan, supervision)) own('supervisor', endHeir, '$supervisorFailed')
  own('supervisor', supervision.tells === 'node' ? tellNode : exitAsInit(supervision.speaker), '$supervisorFailed')
  if (joins(plan)) sections.push(...middle(plan, supervision, cloning))
  own('init', initStart(plan, supervision), '$initFailed')
  const last = way.findLast(isRendezvous)
  way.forEach((place, index) => {
    if (isRendezvous(place)) sections.push(...initMeets(place, index, supervision.leaves && place === last))
    else if (place.moment === 'init.enter' && plan.steps[place.step]?.joins) return
    else steps('init', place.moment, '$initFailed', place.step)
  })
  own('init', [label('$initFailed'), LATCH, label('$initEnds'), call('exit_group', [SETUP_FAILED])], '$initEnds')
  return sections
}

const joins = (plan: Plan): boolean => plan.steps.some((step) => step.joins)

/** What the middle does: `init.enter` of the steps that join, and the clone. */
function middle(plan: Plan, supervision: Supervision, cloning: number): Section[] {
  const runBy = { runBy: MIDDLE, failTo: '$middleFailed' }
  const own = (instructions: readonly Instruction[], step = -1): Section => ({
    process: 'init',
    step,
    instructions,
    ...runBy,
  })
  return [
    own(middleBegins(closesOfInit(plan, supervision))),
    ...momentOf(plan, 'init', 'init.enter', '$middleFailed', supervision)
      .filter(({ step }) => plan.steps[step]?.joins)
      .map((section) => ({ ...section, ...runBy })),
    own(middleEnds(cloneInit(plan, FLAGS_OF_MIDDLE), initEnd), cloning),
  ]
}

/** `apply`: the calling thread is both processes. What clone would have made is made by unshare. */
export function frameOfOne(given: Plan): Section[] {
  const plan = linkMounts(given)
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

/** Does a step make a terminal? */
const hasTerminal = (plan: Plan): boolean => plan.steps.some((step) => step.terminal)
/** Does Node get it? */
const nodeHoldsTerminal = (plan: Plan, { tells, terminal }: Supervision): boolean =>
  hasTerminal(plan) && tells === 'node' && terminal === 'node'
/** What Node gets of init's, in that order: MASTER is the terminal's, all else has a name. */
export const fdsForNode = (plan: Plan, supervision: Supervision): string[] =>
  handedOver(plan).flatMap(({ hands, toNode }) =>
    toNode !== undefined ? [toNode] : hands === MASTER && nodeHoldsTerminal(plan, supervision) ? [MASTER] : [],
  )
const nodeGetsFds = (plan: Plan, supervision: Supervision): boolean => fdsForNode(plan, supervision).length > 0
/** Does the supervisor hold the other side of it? */
const relaysTerminal = (plan: Plan, supervision: Supervision): boolean =>
  hasTerminal(plan) && !nodeHoldsTerminal(plan, supervision) && typeof supervision.terminal !== 'object'
/** Would something stay where the supervisor is killed, and nobody hears of it? A group; the mode of a terminal. */
const hasHeir = (plan: Plan, supervision: Supervision): boolean =>
  supervision.tells === 'nobody' &&
  !supervision.leaves &&
  (relaysTerminal(plan, supervision) || plan.steps.some((step) => step['host.gone']?.length))
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
  supervision: Supervision = TOLD_TO_NODE,
  only?: number,
): Section[] {
  return plan.steps.flatMap((step, index) => {
    const given = step[moment]
    if (!given?.length || (only !== undefined && only !== index)) return []
    const instructions = heard(given, step.name, supervision)
    return [{ process, step: index, instructions, failTo, ...(moment === 'host.gone' ? { lenient: true } : {}) }]
  })
}

const heard = (given: readonly Instruction[], step: string, { tells }: Supervision): readonly Instruction[] =>
  tells === 'nobody' ? given.map((each) => spoken(each, step)) : given

/** The supervisor's side of all meetings, one after the other; it begins right after the clone. */
function hostMeets(plan: Plan, all: readonly Rendezvous[], supervision: Supervision): Section[] {
  let nodesTurns = nodesParts(plan).length
  let nodesFds = fdsForNode(plan, supervision).length
  const section = (step: number, instructions: readonly Instruction[]): Section[] =>
    instructions.length === 0 ? [] : [{ process: 'supervisor', step, instructions, failTo: '$failed' }]
  const passesOn = ({ hands, toNode }: Meeting): Instruction[] => {
    if (hands === undefined) return []
    if (toNode === undefined && !(hands === MASTER && nodeHoldsTerminal(plan, supervision))) return []
    nodesFds--
    return [
      ...sendDescriptor('$for Node', CONSOLE_FD, ref(hands), { why: 'it goes to Node' }),
      call('close', [ref(hands)]),
      ...(nodesFds === 0 ? [call('close', [CONSOLE_FD])] : []),
    ]
  }
  const askNode = (): Instruction[] => {
    nodesTurns--
    return [
      message(NODES_TURN),
      call('read', [SYNC_FD, buffer('$sync', 8), 1], { save: '$answered', why: 'Node does its part' }),
      branch(ref('$answered'), 1, { else: '$kill' }),
      ...(nodesTurns === 0 ? [call('close', [SYNC_FD])] : []),
    ]
  }
  return all.flatMap(({ meets }, index) => [
    ...meets.flatMap(({ step, meeting: { hands } }) =>
      hands === undefined ? [] : section(step, takes(hands, plan, supervision)),
    ),
    ...meets.flatMap(({ step, meeting }) => section(step, passesOn(meeting))),
    ...(index === 0 ? [] : section(-1, awaitInit(plan, supervision))),
    ...meets.flatMap(({ step, meeting }) => [
      ...section(step, heard(meeting.host ?? [], plan.steps[step]?.name ?? '', supervision)),
      ...(meeting.node ? section(-1, askNode()) : []),
    ]),
    ...section(-1, supervision.leaves && index === all.length - 1 ? leave(supervision) : [openGate]),
  ])
}

/** Init goes on alone: nobody is told of what happens to it from here on. */
const leave = ({ tells }: Supervision): Instruction[] => [
  ...(tells === 'node' ? [tellCreated] : []),
  openGate,
  call('exit_group', [0]),
]

/** @throws RtError RT_PROGRAM where nothing tells that init has come through its set-up */
function checkStart({ steps }: Plan): void {
  if (steps.some(({ meets }) => meets?.some(({ at }) => at === 'init.execute'))) return
  throw new RtError('RT_PROGRAM', 'the supervisor would leave before init has been set up', {
    hint: 'a plan that is created has a step with a meeting at init.execute: awaitStart() of @rt/chroot',
  })
}

/** A descriptor that init hands over. */
const takes = (hands: string, plan: Plan, supervision: Supervision): Instruction[] => [
  ...until(plan, supervision, 'init hands over a descriptor'),
  ...receiveDescriptor(hands, supervisorEnd, '$kill'),
  ...(hands === MASTER && typeof supervision.terminal === 'object'
    ? [...sendTo(supervision.terminal.socket, ref(MASTER)), call('close', [ref(MASTER)])]
    : []),
]

/** Nobody reads the log of an executable of its own. */
export const spoken = (instruction: Instruction, step: string): Instruction => {
  if (instruction.kind !== 'warn') return instruction
  const line = `rt: warning: ${step}: ${instruction.message}\n`
  return call('write', [STDERR, line, Buffer.byteLength(line)], { tolerate: 'any' })
}

const supervisorStart = (plan: Plan, supervision: Supervision): Instruction[] => [
  call('prctl', [PR_SET_NAME, 'rt', 0, 0, 0], { why: 'else ps would show the number of the file it was executed by' }),
  // The program's own memory and fds are nobody's business once init has entered the container's namespaces.
  call('prctl', [PR_SET_DUMPABLE, 0, 0, 0, 0], { why: 'no process of the container may trace or read this one' }),
  ...(supervision.tells === 'node'
    ? [
        // Each process maps its own log: see own-log.ts. Where a step's exec closes nothing, the execve does.
        call('fcntl', [LOG_FD, F_SETFD, FD_CLOEXEC]),
        // A number that isn't used here becomes that of some step's fd: from now on only its owner closes it.
        ...(nodeGetsFds(plan, supervision) ? [] : [call('close', [CONSOLE_FD], { tolerate: 'any' as const })]),
        ...(hasNodesPart(plan) ? [] : [call('close', [SYNC_FD], { tolerate: 'any' as const })]),
        call('close_range', [FIRST_UNUSED_FD + Object.keys(supervision.fds ?? {}).length, WORD32, 0], {
          why: 'what Node’s caller left open without close-on-exec',
        }),
      ]
    : [
        ...(supervision.speaker ? closeOthers : openStreams),
        blockSignals('signals are for init: see the loop'),
        ...resetSignals,
      ]),
  ...(supervision.stdin === 'null' ? emptyStdin : []),
  ...Object.entries(supervision.fds ?? {}).flatMap(([name, fd]) => [
    call('fcntl', [fd, F_SETFD, FD_CLOEXEC], { of: name, hints: { EBADF: `nothing is open as ${name}` } }),
    compute(givenFd(name), fd),
  ]),
]

/** What this process had open as a Node, or had been given: it is the streams' and the log's alone from now on. */
const closeOthers: readonly Instruction[] = [
  call('fcntl', [LOG_FD, F_SETFD, FD_CLOEXEC]),
  call('close', [STATUS_FD], { tolerate: 'any' }),
  call('close_range', [LOG_FD + 1, WORD32, 0]),
]

const blockSignals = (why: string): Instruction =>
  call('rt_sigprocmask', [SIG_BLOCK, ALL_SIGNALS, null, SIGSET], { why })

const emptyStdin: readonly Instruction[] = [
  call('openat', [AT_FDCWD, '/dev/null', O_RDONLY | O_CLOEXEC], { save: '$empty', why: 'the container’s stdin' }),
  call('dup3', [ref('$empty'), 0, 0]),
  call('close', [ref('$empty')]),
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

function cloneInit(plan: Plan, more = 0): Instruction[] {
  const flags = cloneFlags(plan) | CLONE_PIDFD | CLONE_PARENT_SETTID | more
  const into = plan.steps.find((step) => step.cloneInto)?.cloneInto
  const args = struct(
    'clone_args',
    {
      // Above 32 bits, where numbers have no bits.
      flags: into === undefined ? flags : BigInt(flags) | CLONE_INTO_CGROUP,
      pidfd: address(PIDFD),
      parent_tid: LOG_BASE,
      // With CLONE_PARENT it is the middle's.
      exit_signal: more & CLONE_PARENT ? 0 : SIGCHLD,
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

const afterClone = (plan: Plan, { tells }: Supervision): Instruction[] => [
  call('close', [initEnd]),
  ...(tells === 'node' && !hostClones(plan) ? [call('close', [LOG_FD])] : []),
]

const openGate = call('write', [supervisorEnd, 'g', 1], {
  why: 'open the gate',
  // EPIPE: init is dead already, and its own failure is the one to tell.
  onError: { '*': '$kill' },
})

const watchesNode = ({ tells, dieWith }: Supervision): boolean => tells === 'node' && dieWith === 'caller'

/** While init is on its way to a meeting: until it writes, or Node is dead, or there is a limit that has passed. */
const until = (plan: Plan, supervision: Supervision, why: string): Instruction[] => {
  const others = [
    ...(joins(plan) ? [{ fd: startLimitFd, events: POLLIN }] : []),
    // A status pipe that nobody reads is an error at once: see node-gone.ts.
    ...(watchesNode(supervision) ? [{ fd: STATUS_FD, events: 0 }] : []),
  ]
  const fds = [{ fd: supervisorEnd, events: POLLIN }, ...others]
  return [
    ...fds.map(({ fd, events }, i) => compute(`$poll+${8 * i}`, fd, events, 2 ** 32)),
    call('ppoll', [buffer('$poll', 32), fds.length, 0, 0, SIGSET], { why: `until ${why}` }),
    ...others.map((_, i) => branch(ref('$poll', 8 * (i + 1) + REVENTS), 0, { mask: 0xffff, else: '$kill' })),
  ]
}

/** Until init has come to the next meeting; the end of its socket instead means that it has failed. */
const awaitInit = (plan: Plan, supervision: Supervision): Instruction[] => [
  ...until(plan, supervision, 'init is here'),
  // ECONNRESET: init has ended before it read what was sent to it.
  call('read', [supervisorEnd, buffer('$here', 8), 1], { save: '$isHere', onError: { ECONNRESET: '$kill' } }),
  branch(ref('$isHere'), 1, { else: '$kill' }),
]

/** Init hands over what it has to, and waits at its gate; the first time nobody has to be told. */
function initMeets({ meets }: Rendezvous, index: number, isLeft = false): Section[] {
  const section = (step: number, instructions: readonly Instruction[]): Section => ({
    process: 'init',
    step,
    instructions,
    failTo: '$initFailed',
  })
  return [
    ...meets.flatMap(({ step, meeting: { hands } }) =>
      hands === undefined
        ? []
        : section(step, sendDescriptor(`${hands}.out`, initEnd, ref(hands), { why: 'to the supervisor' })),
    ),
    section(-1, [
      // From the gate on nothing is heard of the supervisor; until then its end is that of the socket.
      ...(isLeft ? [call('prctl', [PR_SET_PDEATHSIG, 0, 0, 0, 0], { why: 'the supervisor will leave' })] : []),
      ...(index === 0 ? [] : [call('write', [initEnd, 'h', 1], { why: 'here, at a meeting with the supervisor' })]),
      call('read', [initEnd, buffer('$gate', 8), 1], {
        why: 'wait at the gate',
        save: '$gateRead',
        onError: { ECONNRESET: '$initEnds' },
      }),
      // The supervisor is dead, or has failed itself.
      branch(ref('$gateRead'), 1, { else: '$initEnds' }),
      ...(isLeft ? [label(ALONE)] : []),
    ]),
  ]
}

/** What the supervisor waits for while init runs. */
function watches(plan: Plan, supervision: Supervision): Watch[] {
  const { tells, signals: handling, wallMs, terminal } = supervision
  const toldToNode = tells === 'node'
  const relay = relaysTerminal(plan, supervision) ? terminalRelay(terminal !== 'output') : undefined
  return [
    ...(toldToNode || joins(plan)
      ? [initExecutes(supervisorEnd, [...(joins(plan) ? started : []), ...(toldToNode ? [message(STARTED)] : [])])]
      : []),
    ...(joins(plan) ? [startLimitWatch] : []),
    initDies,
    ...(watchesNode(supervision) ? [nodeGone(STATUS_FD)] : []),
    ...(hasHeir(plan, supervision) ? [heirDies] : []),
    ...(handling || relay ? [signals(handling, relay?.reactions), grace] : []),
    ...(wallMs === undefined ? [] : [wallLimit(wallMs, toldToNode ? [message(TIMED_OUT)] : [])]),
    ...(relay?.watches ?? []),
  ]
}

/** Where failures before the clone lead, past all that has to do with init. */
const notCloned: readonly Instruction[] = [label('$notCloned'), LATCH, label('$after')]

const initStart = (plan: Plan, supervision: Supervision): Instruction[] => [
  label('$init'),
  ...(supervision.dieWith === 'nobody'
    ? []
    : [call('prctl', [PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0], { why: 'no container without its supervisor' })]),
  ...(joins(plan) ? [] : closesOfInit(plan, supervision)),
  ...(hasLog(supervision) && !initClones(plan) ? [call('close', [LOG_FD])] : []),
]

/** Ends of sockets and pipes that are the supervisor's alone. */
const closesOfInit = (plan: Plan, supervision: Supervision): Instruction[] => [
  call('close', [supervisorEnd]),
  ...(supervision.tells === 'node'
    ? [
        call('close', [STATUS_FD]),
        ...(nodeGetsFds(plan, supervision) ? [call('close', [CONSOLE_FD])] : []),
        ...(hasNodesPart(plan) ? [call('close', [SYNC_FD])] : []),
      ]
    : []),
  ...(joins(plan) ? [call('close', [startLimitFd])] : []),
]
