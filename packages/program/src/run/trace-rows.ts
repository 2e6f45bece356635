import { errnoName } from '@rt/sys'
import type { Program } from '../assemble/assemble.js'
import { describeInstruction } from '../explain/describe.js'
import { Naming } from '../explain/naming.js'
import type { Results } from './failure.js'

/** One operation that has run. */
export interface TraceRow {
  /** Index of the operation in `program.sites`. */
  readonly index: number
  /** `supervisor`, `init`, or the child of another clone. */
  readonly process: string
  /** The step's name; the frame around the steps is `set-up`. */
  readonly step: string
  readonly origin?: string
  readonly why?: string
  /** As strace prints it, with the values of this run; branches and sums in words. */
  readonly call: string
  readonly isCall: boolean
  readonly result: number
  /** Name of the errno, if the call failed. */
  readonly error?: string
  /** Nanoseconds since the first operation, and until the next one of the same process began (a traced run only). */
  readonly at?: number
  readonly duration?: number
}

const isError = (result: number): boolean => result < 0 && result >= -4095

/** The operations that have run, in order of time if it was taken, else of the program. */
export function traceRows(program: Program, results: Results, times: readonly (bigint | undefined)[]): TraceRow[] {
  const naming = new Naming(program.sites)
  const first = times.find((time) => time !== undefined) ?? 0n
  const rows: TraceRow[] = []
  program.sites.forEach((site, index) => {
    const result = results[index]
    if (result === undefined) return
    const { instruction } = site
    const isCall = instruction.kind === 'call' && site.helper === undefined
    const step = program.plan.steps[site.step]
    const word = (name: string) => {
      const saved = naming.savedAt(name, index)
      return saved && { value: results[saved.index], of: saved.of }
    }
    const why = instruction.kind === 'call' ? instruction.why : undefined
    const at = times[index]
    rows.push({
      index,
      process: site.process,
      step: step?.name ?? 'set-up',
      ...(step?.origin === undefined ? {} : { origin: step.origin }),
      ...(why === undefined ? {} : { why }),
      call: site.helper ?? describeInstruction(instruction, { arch: program.arch, word }),
      isCall,
      result,
      ...(isCall && isError(result) ? { error: errnoName(-result) ?? `E${-result}` } : {}),
      ...(at === undefined ? {} : { at: Number(at - first) }),
    })
  })
  return program.traced ? withDurations(rows) : rows
}

/** In the order of time; an operation lasts until the next one of its process begins. */
function withDurations(rows: readonly TraceRow[]): TraceRow[] {
  const sorted = [...rows].sort((a, b) => (a.at ?? 0) - (b.at ?? 0) || a.index - b.index)
  const next = new Map<string, number>()
  for (let i = sorted.length - 1; i >= 0; i--) {
    const row = sorted[i] as TraceRow
    const until = next.get(row.process)
    if (row.at === undefined) continue
    if (until !== undefined) sorted[i] = { ...row, duration: until - row.at }
    next.set(row.process, row.at)
  }
  return sorted
}
