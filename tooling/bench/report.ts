import { readFileSync } from 'node:fs'
import { arch, availableParallelism, release } from 'node:os'
import type { RowResult } from './measure.js'

/** Three digits or so: more would be noise. */
export const figure = (value: number): string =>
  value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : Math.round(value).toString()

/** A row as text: candidates with median, minimum and 90th percentile, then the budgets. */
export function rowText({ row, samples, unavailable, budgets, notes }: RowResult): string {
  const width = Math.max(...samples.map(({ name }) => name.length), 24)
  const lines = [`${row.name}: ${row.what}`]
  lines.push(`  ${row.unit.padEnd(width)} ${['median', 'min', 'p90'].map((word) => word.padStart(8)).join(' ')}`)
  for (const { name, median, minimum, high } of samples) {
    const figures = [median, minimum, high].map((value) => figure(value).padStart(8)).join(' ')
    lines.push(`  ${name.padEnd(width)} ${figures}`)
  }
  for (const reason of unavailable) lines.push(`  not measured: ${reason}`)
  for (const note of notes) lines.push(`  ${note}`)
  for (const { budget, value } of budgets) {
    const verdict = Number.isNaN(value) ? 'not measured' : value <= budget.atMost ? 'kept' : 'MISSED'
    const shown = Number.isNaN(value) ? '—' : `${figure(value)} ${budget.unit}`
    lines.push(`  budget: ${budget.what} = ${shown}, at most ${figure(budget.atMost)} ${budget.unit}: ${verdict}`)
  }
  return lines.join('\n')
}

/** Everything measured, for a program: one object per row, and the machine. */
export function toJson(results: readonly RowResult[]): string {
  return JSON.stringify(
    {
      machine: machine(),
      rows: results.map(({ row, samples, unavailable, budgets, notes }) => ({
        name: row.name,
        what: row.what,
        unit: row.unit,
        candidates: samples.map(({ name, median, minimum, high, values }) => ({ name, median, minimum, high, values })),
        unavailable,
        notes,
        budgets: budgets.map(({ budget, value }) => ({
          what: budget.what,
          value: Number.isNaN(value) ? null : value,
          atMost: budget.atMost,
          unit: budget.unit,
          kept: Number.isNaN(value) ? null : value <= budget.atMost,
        })),
      })),
    },
    undefined,
    2,
  )
}

/** What the figures were measured on. */
export function machine(): Record<string, string | number> {
  const cpu = /^model name\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown'
  return { kernel: release(), arch: arch(), cpu, processors: availableParallelism(), node: process.version }
}
