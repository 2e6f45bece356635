import type { Instruction } from '../language/instruction.js'
import { MASTER } from '../language/vocabulary.js'
import { handedOver } from '../plan/meetings.js'
import { INIT_MOMENTS, type Plan } from '../plan/plan.js'
import type { Supervision } from './supervision.js'

/** What follows from a plan and its supervision together: who holds, hears and makes what. */

export const joins = (plan: Plan): boolean => plan.steps.some((step) => step.joins)

/** Does a step make a terminal? */
const hasTerminal = (plan: Plan): boolean => plan.steps.some((step) => step.terminal)
/** Does Node get it? */
export const nodeHoldsTerminal = (plan: Plan, { tells, terminal }: Supervision): boolean =>
  hasTerminal(plan) && tells === 'node' && terminal === 'node'
/** What Node gets of init's, in that order: MASTER is the terminal's, all else has a name. */
export const fdsForNode = (plan: Plan, supervision: Supervision): string[] =>
  handedOver(plan).flatMap(({ hands, toNode }) =>
    toNode !== undefined ? [toNode] : hands === MASTER && nodeHoldsTerminal(plan, supervision) ? [MASTER] : [],
  )
export const nodeGetsFds = (plan: Plan, supervision: Supervision): boolean => fdsForNode(plan, supervision).length > 0
/** Does the supervisor hold the other side of it? */
export const relaysTerminal = (plan: Plan, supervision: Supervision): boolean =>
  hasTerminal(plan) && !nodeHoldsTerminal(plan, supervision) && typeof supervision.terminal !== 'object'
/** Would something stay where the supervisor is killed, and nobody hears of it? A group; the mode of a terminal. */
export const hasHeir = (plan: Plan, supervision: Supervision): boolean =>
  supervision.tells === 'nobody' &&
  !supervision.leaves &&
  (relaysTerminal(plan, supervision) || plan.steps.some((step) => step['host.gone']?.length))
/** Does Node have a part at a meeting? */
export const hasNodesPart = (plan: Plan): boolean =>
  plan.steps.some((step) => step.meets?.some((meeting) => meeting.node !== undefined))

const clones = (instructions: readonly Instruction[] = []): boolean => instructions.some(({ kind }) => kind === 'clone')
/** Will the supervisor make processes besides init, and so map their logs? */
export const hostClones = (plan: Plan): boolean =>
  plan.steps.some((step) => step.meets?.some(({ host }) => clones(host)))
export const initClones = (plan: Plan): boolean =>
  plan.steps.some((step) => INIT_MOMENTS.some((moment) => clones(step[moment])))

/** The namespaces that a plan's steps ask for. */
export const cloneFlags = (plan: Plan): number => plan.steps.reduce((all, step) => all | (step.clone ?? 0), 0)

/** Is Node's death the container's? */
export const watchesNode = ({ tells, dieWith }: Supervision): boolean => tells === 'node' && dieWith === 'caller'
