import { type Budget, type Candidate, type Row, Unavailable } from './row.js'

/** What was measured of one candidate, in the row's unit. */
export interface Sample {
  readonly name: string
  readonly median: number
  readonly minimum: number
  /** The 90th percentile: how far a busy machine pulled. */
  readonly high: number
  readonly values: readonly number[]
}

export interface RowResult {
  readonly row: Row
  readonly samples: readonly Sample[]
  readonly unavailable: readonly string[]
  readonly budgets: readonly { budget: Budget; value: number }[]
  readonly notes: readonly string[]
}

/** Rounds whose times don't count: caches fill, V8 compiles. */
const warmUp = (rounds: number): number => (rounds < 3 ? 0 : Math.min(10, Math.ceil(rounds / 5)))

/**
 * Measures a row. The candidates take turns, one measurement each, the order rotating, so that a busy moment of the
 * machine meets all of them alike and none always follows the same other.
 */
export async function measure(row: Row, roundsFactor = 1): Promise<RowResult> {
  const rounds = Math.max(Math.min(3, row.rounds), Math.round(row.rounds * roundsFactor))
  const candidates: Candidate[] = []
  const unavailable: string[] = []
  const values = new Map<string, number[]>()
  try {
    for (const make of row.candidates) {
      try {
        candidates.push(await make())
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error
        unavailable.push(error.message)
      }
    }
    const uncounted = warmUp(rounds)
    for (let round = 0; round < rounds + uncounted; round++) {
      for (let turn = 0; turn < candidates.length; turn++) {
        const candidate = candidates[(round + turn) % candidates.length] as Candidate
        const value = await candidate.once()
        if (round < uncounted) continue
        const all = values.get(candidate.name) ?? []
        all.push(value)
        values.set(candidate.name, all)
      }
    }
  } finally {
    for (const candidate of candidates) await candidate.close?.()
  }
  const samples = candidates.map(({ name }) => sample(name, values.get(name) ?? []))
  const median = (name: string) => samples.find((each) => each.name === name)?.median ?? Number.NaN
  return {
    row,
    samples,
    unavailable,
    budgets: row.budgets.map((budget) => ({ budget, value: budget.value(median) })),
    notes: row.notes?.() ?? [],
  }
}

function sample(name: string, values: readonly number[]): Sample {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { name, median: at(0.5), minimum: at(0), high: at(0.9), values }
}
