/** A line of .ci/allowed-skips: a test that may be skipped in CI, and why. */
export interface AllowedSkip {
  /** `file > suite > test`, as the reporter prints it. */
  name: string
  reason: string
}

/**
 * Reads the allow-list: one `file > suite > test — reason` per line; empty lines and lines that begin with # are
 * comments.
 *
 * @throws Error naming the line that has no reason.
 */
export function parseAllowedSkips(text: string): AllowedSkip[] {
  const allowed: AllowedSkip[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const dash = line.lastIndexOf(' — ')
    const reason = line.slice(dash + 3).trim()
    if (dash < 1 || reason === '') {
      throw new Error(`.ci/allowed-skips line ${index + 1}: expected "file > test — reason", got "${line}"`)
    }
    allowed.push({ name: line.slice(0, dash).trim(), reason })
  }
  return allowed
}

/** The skipped tests that no line of the list names. Names are compared whole: a list entry covers one test. */
export function unexpectedSkips(skipped: readonly string[], allowed: readonly AllowedSkip[]): string[] {
  const names = new Set(allowed.map((entry) => entry.name))
  return skipped.filter((name) => !names.has(name))
}
