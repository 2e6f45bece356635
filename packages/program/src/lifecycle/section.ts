import type { Side } from '../assemble/operation.js'
import { call, type Instruction } from '../language/instruction.js'
import type { Moment, Plan } from '../plan/plan.js'
import { type Supervision, TOLD_TO_NODE } from './supervision.js'

/** A row of instructions that one process goes through. */
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

/** What the plan's steps, or one of them, do at a moment. */
export function momentOf(
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

export const heard = (given: readonly Instruction[], step: string, { tells }: Supervision): readonly Instruction[] =>
  tells === 'nobody' ? given.map((each) => spoken(each, step)) : given

/** Nobody reads the log of an executable of its own. */
export const spoken = (instruction: Instruction, step: string): Instruction => {
  if (instruction.kind !== 'warn') return instruction
  const line = `rt: warning: ${step}: ${instruction.message}\n`
  return call('write', [STDERR, line, Buffer.byteLength(line)], { tolerate: 'any' })
}
