import { POLLIN, PR_SET_PDEATHSIG } from '@rt/sys'
import { CONSOLE_FD, STATUS_FD, SYNC_FD } from '../assemble/layout.js'
import { ALONE } from '../assemble/own-log.js'
import { branch, buffer, call, type Instruction, label, ref } from '../language/instruction.js'
import { MASTER } from '../language/vocabulary.js'
import { nodesParts, type Rendezvous } from '../plan/meetings.js'
import type { Meeting, Plan } from '../plan/plan.js'
import { initEnd, supervisorEnd } from './clone-init.js'
import { message, NODES_TURN, tellCreated } from './endings.js'
import { receiveDescriptor, sendDescriptor, sendTo } from './hand-over.js'
import { startLimitFd } from './middle.js'
import { poll, pollfd, REVENTS_MASK, revents } from './poll.js'
import { fdsForNode, joins, nodeHoldsTerminal, watchesNode } from './roles.js'
import { heard, type Section } from './section.js'
import type { Supervision } from './supervision.js'

/** The supervisor's side of all meetings, one after the other; it begins right after the clone. */
export function hostMeets(plan: Plan, all: readonly Rendezvous[], supervision: Supervision): Section[] {
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

/** A descriptor that init hands over. */
const takes = (hands: string, plan: Plan, supervision: Supervision): Instruction[] => [
  ...until(plan, supervision, 'init hands over a descriptor'),
  ...receiveDescriptor(hands, supervisorEnd, '$kill'),
  ...(hands === MASTER && typeof supervision.terminal === 'object'
    ? [...sendTo(supervision.terminal.socket, ref(MASTER)), call('close', [ref(MASTER)])]
    : []),
]

const openGate = call('write', [supervisorEnd, 'g', 1], {
  why: 'open the gate',
  // EPIPE: init is dead already, and its own failure is the one to tell.
  onError: { '*': '$kill' },
})

/** While init is on its way to a meeting: until it writes, or Node is dead, or there is a limit that has passed. */
const until = (plan: Plan, supervision: Supervision, why: string): Instruction[] => {
  const others = [
    ...(joins(plan) ? [{ fd: startLimitFd, events: POLLIN }] : []),
    // A status pipe that nobody reads is an error at once: see node-gone.ts.
    ...(watchesNode(supervision) ? [{ fd: STATUS_FD, events: 0 }] : []),
  ]
  const fds = [{ fd: supervisorEnd, events: POLLIN }, ...others]
  return [
    ...fds.map(({ fd, events }, i) => pollfd('$poll', i, fd, events)),
    poll('$poll', fds.length, 0, { why: `until ${why}` }),
    ...others.map((_, i) => branch(revents('$poll', i + 1), 0, { mask: REVENTS_MASK, else: '$kill' })),
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
export function initMeets({ meets }: Rendezvous, index: number, isLeft = false): Section[] {
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
