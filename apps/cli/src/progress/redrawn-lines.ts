import type { WindowSize } from '@rt/sys'
import { partLine } from './part-line.js'
import { PAUSE, type Part, type Showing } from './showing.js'

/** Of a terminal that doesn't know its size, as a serial line. */
const USUAL: WindowSize = { rows: 24, columns: 80 }

/**
 * The line, and to the end of the screen (ECMA-48, EL and ED); so many rows up, at most to the first (CUU). The whole line, and
 * before it is written: else a terminal that once broke it takes the next one for its continuation.
 */
const ERASE_LINE = '\x1b[2K'
const ERASE_BELOW = '\x1b[J'
const up = (rows: number): string => (rows > 0 ? `\r\x1b[${rows}A` : '\r')

/** A terminal, as far as lines are drawn on it. */
export interface Terminal {
  write(text: string): void
  size(): WindowSize
}

/**
 * A line for each layer, redrawn in its place at most ten times a second. What has more lines than the terminal shows its
 * last ones, and all of them in the end. The size is asked for at each drawing: no signal is waited for.
 *
 * @param terminal the cursor must be in its first column
 */
export function redrawnLines(terminal: Terminal): Showing {
  const parts = new Map<string, Part>()
  let shown: readonly string[] = []
  let drawnAt = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  /** Why a drawing failed that nobody waited for. */
  let failure: unknown

  const draw = (isLast: boolean): void => {
    clearTimeout(timer)
    timer = undefined
    drawnAt = performance.now()
    const { rows, columns } = sizeOf(terminal)
    // Not the last column: a newline right behind it is two on some terminals.
    const lines = [...parts.values()].map((part) => partLine(part, columns - 1))
    // The cursor waits below them, in a row of its own.
    const seen = isLast ? lines : lines.slice(-Math.max(rows - 1, 1))
    const back = Math.min(rowsOf(shown, columns), rows - 1)
    terminal.write(`${up(back)}${seen.map((line) => `${ERASE_LINE}${line}\n`).join('')}${ERASE_BELOW}`)
    shown = seen
  }

  const drawLater = (): void => {
    try {
      draw(false)
    } catch (error) {
      failure = error
    }
  }

  /** The lines stay as they are; what comes next is below them. */
  const settle = (): void => {
    try {
      if (parts.size > 0) draw(true)
    } finally {
      clearTimeout(timer)
      parts.clear()
      shown = []
    }
  }

  return {
    line(text) {
      settle()
      terminal.write(`${text}\n`)
    },
    part(part) {
      if (failure !== undefined) throw failure
      parts.set(part.id, part)
      if (timer) return
      const wait = drawnAt + PAUSE - performance.now()
      if (wait <= 0) draw(false)
      else timer = setTimeout(drawLater, wait)
    },
    end: settle,
  }
}

function sizeOf(terminal: Terminal): WindowSize {
  const { rows, columns } = terminal.size()
  return { rows: rows || USUAL.rows, columns: columns || USUAL.columns }
}

/** Rows that lines take up by now: a terminal that became narrower has broken them. */
const rowsOf = (lines: readonly string[], columns: number): number =>
  lines.reduce((rows, line) => rows + Math.max(1, Math.ceil(line.length / columns)), 0)
