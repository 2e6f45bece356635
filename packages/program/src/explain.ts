import { type Arch, hostArch, type OptionKeys, refuseUnknownOptions } from '@rt/sys'
import { assembleSections } from './assemble.js'
import { describeInstruction } from './describe.js'
import { frame } from './frame.js'
import { Naming } from './naming.js'
import type { ProcessName } from './operation.js'
import type { Plan } from './plan.js'

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
}

/** What one step does in one process. */
export interface ExplainedStep {
  readonly process: ProcessName
  /** The step's name; `set-up` is the frame around the steps. */
  readonly step: string
  readonly why?: string
  readonly origin?: string
  readonly calls: readonly ExplainedCall[]
}

export interface ExplainOptions {
  /** Default: this machine's. */
  readonly arch?: Arch | undefined
  /** For a program that Node runs (default), or for an executable of its own. */
  readonly mode?: 'node' | 'standalone' | undefined
}

const OPTIONS: OptionKeys<ExplainOptions> = { arch: true, mode: true }

/** What a plan would do, in the order in which each process does it. Nothing runs, and no privilege is needed. */
export function explain(plan: Plan, options: ExplainOptions = {}): ExplainedStep[] {
  refuseUnknownOptions('explain', options, OPTIONS)
  const arch = options.arch ?? hostArch()
  const mode = options.mode ?? 'node'
  const { operations } = assembleSections(frame(plan, { mode }), arch, mode === 'node')
  const naming = new Naming(operations.map((operation) => operation.site))
  const steps: (ExplainedStep & { calls: ExplainedCall[] })[] = []
  let before: { process: ProcessName; step: number } | undefined
  operations.forEach(({ site }, index) => {
    if (site.helper !== undefined) return
    const { instruction } = site
    if (before?.process !== site.process || before.step !== site.step) {
      const step = plan.steps[site.step]
      steps.push({
        process: site.process,
        step: step?.name ?? 'set-up',
        ...(step ? { why: step.why } : {}),
        ...(step?.origin === undefined ? {} : { origin: step.origin }),
        calls: [],
      })
    }
    before = site
    const isCall = instruction.kind === 'call'
    const save = 'save' in instruction ? instruction.save : undefined
    steps.at(-1)?.calls.push({
      index,
      kind: instruction.kind,
      call: describeInstruction(instruction, { arch, of: (name) => naming.of(name, index) }),
      ...(save === undefined ? {} : { save }),
      ...(isCall && instruction.why !== undefined ? { why: instruction.why } : {}),
      ...(isCall && instruction.tolerate !== undefined ? { tolerate: instruction.tolerate } : {}),
    })
  })
  return steps
}

const TITLES: Record<ProcessName, string> = {
  supervisor: 'supervisor: in the host’s namespaces',
  init: 'init: the container’s first process',
}

/**
 * The same for people: processes, steps with their reason and origin, calls.
 *
 * @param all also the machine's own instructions between the calls (branches, sums)
 */
export function formatExplanation(steps: readonly ExplainedStep[], { all = false } = {}): string {
  const lines: string[] = []
  let process: ProcessName | undefined
  for (const step of steps) {
    const calls = step.calls.filter((each) => all || ['call', 'fail', 'warn'].includes(each.kind))
    if (calls.length === 0) continue
    if (step.process !== process) lines.push(...(process ? [''] : []), TITLES[step.process])
    process = step.process
    const origin = step.origin === undefined ? '' : ` (${step.origin})`
    lines.push('', `  ${step.step}${origin}${step.why === undefined ? '' : `: ${step.why}`}`)
    for (const { index, call, save, why, kind } of calls) {
      const saved = save === undefined || kind === 'compute' ? '' : ` → ${save}`
      lines.push(`    ${String(index).padStart(4)}  ${call}${saved}${why === undefined ? '' : `   # ${why}`}`)
    }
  }
  return `${lines.join('\n')}\n`
}
