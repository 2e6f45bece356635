/** An amount after parsing: a count or bytes, or `'max'` for no limit, as cgroup v2 writes it. */
export type Amount = number | 'max'

/**
 * An amount of memory as people write it: a number of bytes, or text with a unit as Docker's (`'256M'`, `'1.5g'`,
 * `'64KiB'`), all binary; `'max'`, `-1` and `'-1'` are no limit.
 */
export type Size = number | string

const POWERS = 'bkmgtp'
const SIZE = /^(\d+(?:\.\d+)?) ?(?:([kmgtp])i?b?|b)?$/

/**
 * Read a {@link Size}. Units are powers of 1024 whatever their spelling (`k`, `KB` and `KiB` are one unit), as in
 * Docker's `--memory`. The kernel rounds what it is told down to whole pages.
 *
 * @returns bytes, or undefined if it is not a size or more than 2^53 bytes
 */
export function parseSize(size: Size): Amount | undefined {
  if (size === 'max' || size === -1 || size === '-1') return 'max'
  const match = SIZE.exec(String(size).trim().toLowerCase())
  if (!match) return undefined
  const bytes = Math.floor(Number(match[1]) * 1024 ** POWERS.indexOf(match[2] ?? 'b'))
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** Bytes for people: the largest binary unit that leaves at least 1, two decimals at most. */
export function formatSize(size: Amount): string {
  if (size === 'max') return 'max'
  const power = Math.min(Math.floor(Math.log2(Math.max(size, 1)) / 10), POWERS.length - 1)
  const unit = power === 0 ? 'bytes' : `${POWERS[power]?.toUpperCase()}iB`
  return `${Number((size / 1024 ** power).toFixed(2))} ${unit}`
}

/** cgroup v1 writes "no limit" as -1. */
export const minusOne = (amount: Amount): string => (amount === 'max' ? '-1' : String(amount))
