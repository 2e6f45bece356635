import { humanSize } from '../format/cells.js'
import type { Part } from './showing.js'

/** What takes a while: how far it is is worth telling. */
const LASTING: ReadonlySet<string> = new Set(['Downloading', 'Extracting', 'Pushing'])

/** Columns of a bar at most, as Docker's; one narrower than the least says nothing. */
const WIDEST = 50
const NARROWEST = 8
/** As many digits as Docker shows of what grows. */
const DIGITS = 4

/** Whether a status is one of many that differ in their bytes alone. */
export const isLasting = ({ status }: Part): boolean => LASTING.has(status)

/**
 * The line for a layer: `a1b2c3d4e5f6: Downloading [=====>     ]  12.3MB/45.6MB`.
 *
 * @param columns of the terminal; the line is never wider: the bar is narrower there, or left out
 */
export function partLine(part: Part, columns: number): string {
  const { id, status, current, total } = part
  const head = `${id}: ${status}`
  if (!isLasting(part) || current === undefined) return head.slice(0, columns)
  // More than was promised: the promise is no measure.
  const known = total !== undefined && total >= current && total > 0
  const numbers = `${humanSize(current, DIGITS).padStart(8)}${known ? `/${humanSize(total, DIGITS)}` : ''}`
  const room = Math.min(columns - head.length - numbers.length - ' [] '.length, WIDEST)
  if (!known || room < NARROWEST) return `${head} ${numbers}`.slice(0, columns)
  const full = Math.round((current / total) * room)
  const bar = full === room ? '='.repeat(room) : `${'='.repeat(full)}>`.padEnd(room)
  return `${head} [${bar}] ${numbers}`
}
