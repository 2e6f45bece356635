import { errnoName } from '@rt/sys'
import type { Program } from './assemble.js'
import { describeInstruction } from './describe.js'
import type { Results } from './failure.js'
import { Naming } from './naming.js'
import type { ProcessName } from './operation.js'
import type { Plan } from './plan.js'
import { type Container, type Exit, type RunOptions, run } from './run.js'

/** One operation that has run. */
export interface TraceRow {
  /** Index of the operation in `program.sites`. */
  readonly index: number
  readonly process: ProcessName
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

/** What a traced run gave. */
export interface Trace {
  readonly rows: readonly TraceRow[]
  readonly exit: Exit
}

/**
 * Run a plan and tell what every operation returned and how long it took. The clock is read before each one, which
 * costs some 50 ns apiece; a loop's operation is told as of its last pass.
 *
 * @throws what {@link run} throws; `onFailure` sees the rows of a set-up that failed
 */
export async function trace(plan: Plan, options: RunOptions = {}): Promise<Trace> {
  const container: Container = await run(plan, { ...options, traced: true })
  const exit = await container.exited
  return { rows: container.trace(), exit }
}

const isError = (result: number): boolean => result < 0 && result >= -4095

/** The operations that have run, in order of time if it was taken, else of the program. */
export function traceRows(program: Program, results: Results, times: readonly (bigint | undefined)[]): TraceRow[] {
  const naming = new Naming(program.sites)
  const flow = program.traced ? program.flow() : []
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
    const next = flow[index]?.[isError(result) ? 1 : 0]
    const until = next === undefined ? undefined : times[next]
    const took = at === undefined || until === undefined ? undefined : Number(until - at)
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
      // A loop's later pass may have overwritten the next one's time.
      ...(took === undefined || took < 0 ? {} : { duration: took }),
    })
  })
  return program.traced ? rows.sort((a, b) => (a.at ?? 0) - (b.at ?? 0) || a.index - b.index) : rows
}

const microseconds = (nanoseconds: number | undefined): string =>
  nanoseconds === undefined ? '' : (nanoseconds / 1000).toFixed(1)

/** A table: time since the start and duration in µs, process, call and result; a step's name where it begins. */
export function formatTrace(rows: readonly TraceRow[]): string {
  const lines = ['    at µs   took µs']
  let step: string | undefined
  for (const row of rows) {
    if (!row.isCall) continue
    const title = `${row.process}: ${row.step}${row.origin === undefined ? '' : ` (${row.origin})`}`
    if (title !== step) lines.push(title)
    step = title
    const outcome = row.error === undefined ? String(row.result) : `-1 ${row.error}`
    lines.push(
      `${microseconds(row.at).padStart(9)} ${microseconds(row.duration).padStart(9)}  ${row.call} = ${outcome}`,
    )
  }
  return `${lines.join('\n')}\n`
}

/**
 * The rows as a file that Perfetto and chrome://tracing open: the Trace Event Format's complete events, one track per
 * process.
 */
export function chromeTrace(rows: readonly TraceRow[]): string {
  const tracks: readonly ProcessName[] = ['supervisor', 'init']
  const names = tracks.map((name, i) => ({ name: 'thread_name', ph: 'M', pid: 1, tid: i + 1, args: { name } }))
  const events = rows
    .filter((row) => row.isCall)
    .map((row) => ({
      name: row.call.slice(0, row.call.indexOf('(')),
      cat: row.step,
      ph: 'X',
      ts: (row.at ?? 0) / 1000,
      dur: (row.duration ?? 0) / 1000,
      pid: 1,
      tid: tracks.indexOf(row.process) + 1,
      args: { call: row.call, result: row.result, error: row.error, step: row.step, origin: row.origin, why: row.why },
    }))
  return `${JSON.stringify({ displayTimeUnit: 'ns', traceEvents: [...names, ...events] }, null, 1)}\n`
}
