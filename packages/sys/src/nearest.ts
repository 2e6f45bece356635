/**
 * The candidate that `word` was most likely meant to be: at most one typing error in three letters. Undefined if none
 * is near.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.floor(word.length / 3) + 1
  for (const candidate of candidates) {
    const errors = candidate.startsWith(word) && word.length > 1 ? 0.5 : typingErrors(word, candidate)
    if (errors < least) {
      least = errors
      best = candidate
    }
  }
  return best
}

/** Letters left out, added, replaced, or swapped with their neighbour (optimal string alignment distance). */
export function typingErrors(a: string, b: string): number {
  let previous: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let least = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (previous[j - 2] ?? 0) + 1)
      }
      next.push(least)
    }
    previous = row
    row = next
  }
  return row[b.length] ?? 0
}
