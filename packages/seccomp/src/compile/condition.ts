import type { ArgumentCondition } from '../profile/profile.js'

/**
 * A value of an argument, 64 bits unsigned: a number up to 2^53, a bigint above it, so that equal values are the same and
 * `<` compares any two. (V8 computes with bigints slowly, and hardly a profile needs them.)
 */
export type Value = number | bigint

/** Values of an argument, from and to inclusive. */
export type Interval = readonly [from: Value, to: Value]

/** A condition as the compiler takes it: intervals in which it holds, or bits under a mask. */
export type Condition =
  | { readonly kind: 'within'; readonly argument: number; readonly intervals: readonly Interval[] }
  | { readonly kind: 'masked'; readonly argument: number; readonly mask: bigint; readonly value: bigint }

export const WORD32 = 0xffffffff
const WORD64 = 0xffffffffffffffffn

/** The largest value of an argument. */
export const largest = (wide: boolean): Value => (wide ? WORD64 : WORD32)

/** The upper half of a value, and the lower one. */
export const highHalf = (value: Value): number =>
  typeof value === 'number' ? Math.floor(value / 2 ** 32) : Number(value >> 32n)
export const lowHalf = (value: Value): number =>
  typeof value === 'number' ? value % 2 ** 32 : Number(value & 0xffffffffn)

const exact = (value: Value): Value =>
  typeof value === 'bigint' && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value

/** The value after this one, or before it: none is before 0, and nothing is larger than 2^64. */
export const after = (value: Value): Value =>
  typeof value === 'number' && value < Number.MAX_SAFE_INTEGER ? value + 1 : exact(BigInt(value) + 1n)
const before = (value: Value): Value => (typeof value === 'number' ? value - 1 : exact(value - 1n))

/**
 * @param wide the ABI's arguments have 64 bits; else their upper half is 0, so that no larger value is ever equal
 */
export function conditionOf({ index, op, value, valueTwo = 0 }: ArgumentCondition, wide: boolean): Condition {
  const x = exact(value)
  const most = largest(wide)
  switch (op) {
    case 'SCMP_CMP_EQ':
      return within(index, most, [[x, x]])
    case 'SCMP_CMP_NE':
      return within(index, most, [
        [0, before(x)],
        [after(x), most],
      ])
    case 'SCMP_CMP_LT':
      return within(index, most, [[0, before(x)]])
    case 'SCMP_CMP_LE':
      return within(index, most, [[0, x]])
    case 'SCMP_CMP_GE':
      return within(index, most, [[x, most]])
    case 'SCMP_CMP_GT':
      return within(index, most, [[after(x), most]])
    case 'SCMP_CMP_MASKED_EQ':
      return masked(index, BigInt(value), BigInt(valueTwo), BigInt(most))
  }
}

/** Without what is above the largest value, and without intervals that hold none. */
function within(argument: number, most: Value, intervals: readonly Interval[]): Condition {
  const kept: Interval[] = []
  for (const [from, to] of intervals) {
    const end = to > most ? most : to
    if (from <= end) kept.push([from, end])
  }
  return { kind: 'within', argument, intervals: kept }
}

/** Bits of the value that the mask hides don't count, as in libseccomp. */
function masked(argument: number, mask: bigint, unmasked: bigint, most: bigint): Condition {
  const value = unmasked & mask
  if (value > most) return { kind: 'within', argument, intervals: [] }
  if ((mask & most) === most) return { kind: 'within', argument, intervals: [[exact(value), exact(value)]] }
  return { kind: 'masked', argument, mask: mask & most, value }
}

/** Whether an argument is in one of the intervals. */
export function isWithin(intervals: readonly Interval[], argument: Value): boolean {
  for (const [from, to] of intervals) if (from <= argument && argument <= to) return true
  return false
}

/** Whether a condition holds for an argument. */
export const holds = (condition: Condition, argument: bigint): boolean =>
  condition.kind === 'masked'
    ? (argument & condition.mask) === condition.value
    : isWithin(condition.intervals, argument)
