import { type Arch, hostArch, type OptionKeys, printable, refuseUnknownOptions } from '@rt/sys'
import { assembleSections } from '../assemble/assemble.js'
import type { Assembler } from '../assemble/assembler.js'
import { LOG_FD } from '../assemble/layout.js'
import type { Operation, Site, Target } from '../assemble/operation.js'
import type { Branch, Instruction } from '../language/instruction.js'
import { frame } from '../lifecycle/frame.js'
import { hasLog, type Supervision, TOLD_TO_NODE } from '../lifecycle/supervision.js'
import type { Plan } from '../plan/plan.js'
import { type Aside, asides, type Entry } from './branches.js'
import { describeInstruction } from './describe.js'
import { Naming } from './naming.js'

/** One instruction as it would run. */
export interface ExplainedCall {
  /** Index of its operation: the number that a fault and a trace use. */
  readonly index: number
  /** A system call as strace prints it, with names for words that only a run knows. */
  readonly call: string
  /** `call`, or the machine's own: `branch`, `compute`, `goto`, `fail`, `warn`. */
  readonly kind: string
  /** Where the result goes. */
  readonly save?: string
  readonly why?: string
  /** Errors that do not end the set-up. */
  readonly tolerate?: 'any' | readonly string[]
  /** It runs only under so many conditions, one in the other; absent: always. */
  readonly depth?: number
  /** The innermost condition, of the first call behind it: `12 fails with ENOENT`. */
  readonly onlyIf?: string
}

/** What one step does in one process. */
export interface ExplainedStep {
  /** `supervisor`, `init`, or the child of another clone. */
  readonly process: string
  /** The step's name; `set-up` is the frame around the steps. */
  readonly step: string
  readonly why?: string
  readonly origin?: string
  readonly calls: readonly ExplainedCall[]
}

export interface ExplainOptions {
  /** Default: this machine's. */
  readonly arch?: Arch | undefined
  /** As in {@link AssembleOptions}: of a program that Node runs (default), or of an executable of its own. */
  readonly supervision?: Supervision | undefined
}

const OPTIONS: OptionKeys<ExplainOptions> = { arch: true, supervision: true }

/** What a plan would do, in the order in which each process does it. Nothing runs, and no privilege is needed. */
export function explain(plan: Plan, options: ExplainOptions = {}): ExplainedStep[] {
  refuseUnknownOptions('explain', options, OPTIONS)
  const arch = options.arch ?? hostArch()
  const supervision = options.supervision ?? TOLD_TO_NODE
  const assembler = assembleSections(frame(plan, supervision), arch, hasLog(supervision) ? LOG_FD : undefined)
  const { operations } = assembler
  const flow = flowOf(assembler)
  const describe = (instruction: Instruction, index: number): string =>
    describeInstruction(instruction, { arch, of: (name) => naming.of(name, index) })
  const test = (entry: Entry): string => {
    const { instruction } = (operations[entry.from] as Operation).site
    if ('ran' in entry) return `${lastCall(operations, entry.from)} has run`
    if ('errno' in entry) {
      const fails = `${entry.from} fails with ${entry.errno}`
      return entry.errno === 'ENOENT' ? `missing (${fails})` : fails
    }
    const { then: _, else: __, ...tested } = instruction as Branch
    const [, condition = ''] = /^unless (.*) go to the next$/.exec(describe(tested, entry.from)) ?? []
    return entry.holds ? condition : condition.replace(' == ', ' != ')
  }
  let carried: readonly Entry[] | undefined
  let conditions = new Map<number, Aside>()
  const naming = new Naming(operations.map((operation) => operation.site))
  const steps: (ExplainedStep & { calls: ExplainedCall[] })[] = []
  let before: { process: string; step: number } | undefined
  operations.forEach(({ site }, index) => {
    if (site.helper !== undefined) {
      // A word is copied before the call that a condition is about.
      carried = conditions.get(index)?.entries ?? carried
      return
    }
    const { instruction } = site
    if (before?.process !== site.process || before.step !== site.step) {
      const step = plan.steps[site.step]
      steps.push({
        process: site.process,
        step: printable(step?.name ?? 'set-up'),
        ...(step ? { why: step.why } : {}),
        ...(step?.origin === undefined ? {} : { origin: printable(step.origin) }),
        calls: [],
      })
      // The frame's loops are no branches of a step.
      const end = operations.findIndex((each, i) => i > index && !isSameSection(each.site, site))
      conditions = step ? asides(operations, flow, index, end < 0 ? operations.length : end) : new Map()
    }
    before = site
    const { depth = 0, entries = carried ?? [] } = conditions.get(index) ?? {}
    carried = undefined
    const isCall = instruction.kind === 'call'
    const save = 'save' in instruction ? instruction.save : undefined
    steps.at(-1)?.calls.push({
      index,
      kind: instruction.kind,
      call: describe(instruction, index),
      ...(save === undefined ? {} : { save }),
      ...(isCall && instruction.why !== undefined ? { why: instruction.why } : {}),
      ...(isCall && instruction.tolerate !== undefined ? { tolerate: instruction.tolerate } : {}),
      ...(depth > 0 ? { depth } : {}),
      ...(entries.length > 0 ? { onlyIf: anyOf(entries.map(test)) } : {}),
    })
  })
  return steps
}

/** Where each operation leads on success and on failure. */
function flowOf({ operations, labels }: Assembler): [number, number][] {
  const target = (to: Target, following: number): number =>
    to === undefined ? following : typeof to === 'number' ? to : (labels.get(to) ?? following)
  return operations.map(({ next, failed }, i) => [target(next, i + 1), target(failed, i + 1)])
}

/** Many ways that lead to one place are mostly the same test in a row of loops. */
function anyOf(tests: readonly string[]): string {
  const different = [...new Set(tests)]
  return different.length > 3 ? `${different.slice(0, 2).join(' or ')} or …` : different.join(' or ')
}

/** The call at an operation, or the one before it. */
function lastCall(operations: readonly Operation[], index: number): number {
  let last = index
  while (last > 0 && operations[last]?.site.instruction.kind !== 'call') last--
  return last
}

const isSameSection = (one: Site, other: Site): boolean => one.process === other.process && one.step === other.step
