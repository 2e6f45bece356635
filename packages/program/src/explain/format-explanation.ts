import type { ExplainedCall, ExplainedStep } from './explain.js'
import { repeated } from './repeated.js'

const TITLES: Readonly<Record<string, string>> = {
  supervisor: 'supervisor: in the host’s namespaces',
  init: 'init: the container’s first process',
}

/**
 * The same for people: processes, steps with their reason and origin, calls. What runs only under a condition is
 * indented below it. Where the same calls come again and again (for each cgroup hierarchy, say), the first time stands
 * for all.
 *
 * @param all also the machine's own instructions between the calls (branches, sums), and all that is repeated
 */
export function formatExplanation(steps: readonly ExplainedStep[], { all = false } = {}): string {
  const lines: string[] = []
  let process: string | undefined
  for (const step of steps) {
    const shown = conditional(step.calls, (each) => all || ['call', 'fail', 'warn'].includes(each.kind))
    if (shown.length === 0) continue
    if (step.process !== process) lines.push(...(process ? [''] : []), TITLES[step.process] ?? step.process)
    process = step.process
    const origin = step.origin === undefined ? '' : ` (${step.origin})`
    lines.push('', `  ${step.step}${origin}${step.why === undefined ? '' : `: ${step.why}`}`)
    for (const part of all ? [shown] : repeated(shown, ({ call }) => call.kind + nameOf(call.call))) {
      if ('times' in part)
        lines.push(`          … the same ${part.times} times more${differences(part.first, part.others)}`)
      else for (const each of part) lines.push(...linesOf(each))
    }
  }
  return `${lines.join('\n')}\n`
}

/** A call, and the conditions that have to be told before it, the outermost first. */
interface Shown {
  readonly call: ExplainedCall
  readonly conditions: readonly { readonly depth: number; readonly onlyIf: string }[]
}

/** The calls to show; a condition whose first call is not shown is told before the next one behind it. */
function conditional(calls: readonly ExplainedCall[], isShown: (call: ExplainedCall) => boolean): Shown[] {
  const shown: Shown[] = []
  let pending: Shown['conditions'] = []
  for (const call of calls) {
    const { depth = 0, onlyIf } = call
    pending = pending.filter(
      (condition) => condition.depth <= depth && !(onlyIf !== undefined && condition.depth === depth),
    )
    if (onlyIf !== undefined) pending = [...pending, { depth, onlyIf }]
    if (!isShown(call)) continue
    shown.push({ call, conditions: pending })
    pending = []
  }
  return shown
}

function linesOf({ call: { index, call, save, why, kind, depth = 0 }, conditions }: Shown): string[] {
  const saved = save === undefined || kind === 'compute' ? '' : ` → ${save}`
  const reason = why === undefined ? '' : `   # ${why}`
  return [
    ...conditions.map((condition) => `          ${'  '.repeat(condition.depth - 1)}only if ${condition.onlyIf}:`),
    `    ${String(index).padStart(4)}  ${'  '.repeat(depth)}${call}${saved}${reason}`,
  ]
}

/** Letters. */
const LONGEST_LIST = 100

const nameOf = (call: string): string => /^\w*/.exec(call)?.[0] ?? ''

/** By what the repetitions differ from the first: the quoted word that is another in each. */
function differences(first: readonly Shown[], others: readonly (readonly Shown[])[]): string {
  const words = (calls: readonly Shown[]): string[] => calls.flatMap(({ call }) => call.call.match(/"[^"]*"/g) ?? [])
  const before = words(first)
  const found = others.flatMap((other) => words(other).find((word, i) => word !== before[i]) ?? [])
  if (found.length !== others.length) return ''
  const list = found.join(', ')
  return list.length <= LONGEST_LIST ? `: ${list}` : `: ${found[0]}, …, ${found.at(-1)}`
}
