/** What is left out of a list: repetitions of what stands before it. */
export interface Repetition<T> {
  readonly times: number
  readonly first: readonly T[]
  readonly others: readonly (readonly T[])[]
}

/** Fewer lines than this are not worth the leaving out. */
const WORTH = 8

/**
 * A list taken apart into what is shown and what only repeats it: runs of the same keys, one after another at least three
 * times, of which the first is shown.
 */
export function repeated<T>(list: readonly T[], keyOf: (each: T) => string): (T[] | Repetition<T>)[] {
  const keys = list.map(keyOf)
  const parts: (T[] | Repetition<T>)[] = []
  let shown: T[] = []
  for (let at = 0; at < list.length; ) {
    const found = longestRun(keys, at)
    if (!found) {
      shown.push(list[at] as T)
      at++
      continue
    }
    const { period, times } = found
    const runs = Array.from({ length: times }, (_, i) => list.slice(at + i * period, at + (i + 1) * period))
    const [first = [], ...others] = runs
    parts.push([...shown, ...first], { times: times - 1, first, others })
    shown = []
    at += period * times
  }
  if (shown.length > 0) parts.push(shown)
  return parts
}

/** The run that begins here and leaves out most; of equal ones the one with the shortest period. */
function longestRun(keys: readonly string[], at: number): { period: number; times: number } | undefined {
  let best: { period: number; times: number } | undefined
  let most = WORTH - 1
  for (let period = 1; at + 3 * period <= keys.length; period++) {
    let same = 0
    while (at + period + same < keys.length && keys[at + same] === keys[at + period + same]) same++
    const times = Math.floor(same / period) + 1
    if (times < 3 || (times - 1) * period <= most) continue
    most = (times - 1) * period
    best = { period, times }
  }
  return best
}
