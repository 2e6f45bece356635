/** What becomes of one layer. */
export interface Part {
  /** The beginning of its digest. */
  readonly id: string
  readonly status: string
  /** Bytes. */
  readonly current?: number
  readonly total?: number
}

/** Tells a user what happens. All of it throws BrokenPipe when nobody reads any more. */
export interface Showing {
  line(text: string): void
  part(part: Part): void
  /** Nothing more comes. */
  end(): void
}

/** Nothing is said. */
export const SILENT: Showing = { line() {}, part() {}, end() {} }

/** Milliseconds at least between two reports of how far something is. */
export const PAUSE = 100
