/** One way of doing a row's work. */
export interface Candidate {
  readonly name: string
  /** Does the work once. Returns the row's quantity: milliseconds, or KiB. */
  once(): Promise<number>
  /** Undoes what setting it up made. */
  close?(): void | Promise<void>
}

/** A candidate's setting-up; throws {@link Unavailable} where this machine has no such program. */
export type CandidateMaker = () => Candidate | Promise<Candidate>

/** A limit of DESIGN.md section 8. */
export interface Budget {
  /** `rt / C program`, as the table prints it. */
  readonly what: string
  /** From the medians by candidate name; NaN when one is missing. */
  readonly value: (median: (candidate: string) => number) => number
  readonly atMost: number
  readonly unit: '×' | 'ms' | 'KiB'
}

/** A row of the benchmark: candidates that do the same work, measured in turn. */
export interface Row {
  readonly name: string
  /** The work, in one sentence. */
  readonly what: string
  readonly unit: 'ms' | 'KiB'
  readonly candidates: readonly CandidateMaker[]
  readonly budgets: readonly Budget[]
  /** Measurements of each candidate, besides some that aren't counted (see measure.ts). */
  readonly rounds: number
  /** Lines to print below the figures. */
  readonly notes?: () => string[]
}

/** A program isn't here, or a package can't yet what the row measures: the row goes on without this candidate. */
export class Unavailable extends Error {}

/** `left / right` of two medians. */
export const ratio = (left: string, right: string, atMost: number): Budget => ({
  what: `${left} / ${right}`,
  value: (median) => median(left) / median(right),
  atMost,
  unit: '×',
})
