import type { Plan } from '../plan/plan.js'
import type { Exit } from './exit.js'
import { run } from './run.js'
import type { RunOptions } from './run-options.js'
import type { TraceRow } from './trace-rows.js'

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
  const container = await run(plan, { ...options, traced: true })
  const exit = await container.exited
  return { rows: container.trace(), exit }
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
  const tracks = [...new Set(['supervisor', 'init', ...rows.map(({ process }) => process)])]
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
