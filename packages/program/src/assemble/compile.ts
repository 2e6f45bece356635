import { type Arch, type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'
import { ON_ITS_OWN, type Supervision } from '../lifecycle/supervision.js'
import type { Plan } from '../plan/plan.js'
import { assemble } from './assemble.js'

export interface CompileOptions {
  /** Default: this machine's. */
  readonly arch?: Arch | undefined
  /** Signals, stdin, limits, the terminal: what differs from {@link ON_ITS_OWN}. */
  readonly supervision?: Partial<Omit<Supervision, 'tells'>> | undefined
}

const OPTIONS: OptionKeys<CompileOptions> = { arch: true, supervision: true }

/**
 * A static executable that does what the plan says, without Node: write it to a file with mode 0755. It forwards
 * signals, exits as the container does (128 + signal), and prints step, call and errno when the set-up fails (exit
 * status 125; 126 and 127 for the execve, as a shell).
 *
 * @returns the ELF
 * @throws RtError RT_NEEDS_NODE, with every step that needs Node and why; what {@link assemble} throws
 */
export function compile(plan: Plan, options: CompileOptions = {}): Buffer {
  refuseUnknownOptions('compile', options, OPTIONS)
  refuseNodesParts(plan)
  return assemble(plan, { supervision: { ...ON_ITS_OWN, ...options.supervision }, arch: options.arch }).elf
}

/** @throws RtError RT_NEEDS_NODE with every step that Node has a part in */
export function refuseNodesParts(plan: Plan): void {
  const complaints = plan.steps.flatMap((step) => {
    const path = step.origin ?? step.name
    const nodes = step.meets?.flatMap(({ node }) => node ?? []) ?? []
    const handed = step.meets?.flatMap(({ toNode }) => toNode ?? []) ?? []
    return [
      ...nodes.map(({ why }) => ({ path, message: `${step.name}: ${why}` })),
      ...handed.map((name) => ({ path, message: `${step.name}: it hands ${JSON.stringify(name)} to Node` })),
    ]
  })
  if (complaints.length > 0) {
    throw new RtError('RT_NEEDS_NODE', "this plan can't be compiled to an executable of its own", {
      complaints,
      hint: 'leave out what asks for these steps, or run the plan instead',
    })
  }
}
