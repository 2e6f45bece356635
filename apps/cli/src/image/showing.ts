import { writeSync } from 'node:fs'

/** What becomes of one layer. */
export interface Part {
  /** The beginning of its digest. */
  readonly id: string
  readonly status: string
  /** Bytes. */
  readonly current?: number
  readonly total?: number
}

/** Tells a user what happens. */
export interface Showing {
  line(text: string): void
  part(part: Part): void
  /** Nothing more comes. */
  end(): void
}

/** Nothing is said. */
export const SILENT: Showing = { line() {}, part() {}, end() {} }

/** Lines of JSON, as Docker's API sends them. */
const jsonLines = (fd: number): Showing => ({
  line: (status) => void writeSync(fd, `${JSON.stringify({ status })}\n`),
  part: ({ id, status, current, total }) =>
    void writeSync(fd, `${JSON.stringify({ status, id, progressDetail: { current, total } })}\n`),
  end() {},
})

/** A line for each status that a layer comes to. */
export function plainLines(fd: number): Showing {
  const last = new Map<string, string>()
  return {
    line: (text) => void writeSync(fd, `${text}\n`),
    part({ id, status }) {
      if (last.get(id) === status || status === 'Downloading' || status === 'Pushing') return
      last.set(id, status)
      writeSync(fd, `${id}: ${status}\n`)
    },
    end() {},
  }
}

/** What the options ask for. */
export const showingFor = (
  values: { readonly quiet?: boolean | undefined; readonly json?: boolean | undefined },
  fd: number,
): Showing => (values.json ? jsonLines(fd) : values.quiet ? SILENT : plainLines(fd))
