import type { ArgumentCondition } from '../profile/profile.js'

/** Values of an argument, from and to inclusive. */
export type Interval = readonly [from: bigint, to: bigint]

/** A condition as the compiler takes it: intervals in which it holds, or bits under a mask. */
export type Condition =
  | { readonly kind: 'within'; readonly argument: number; readonly intervals: readonly Interval[] }
  | { readonly kind: 'masked'; readonly argument: number; readonly mask: bigint; readonly value: bigint }

export const WORD32 = 0xffffffffn
const WORD64 = 0xffffffffffffffffn

/** The largest value of an argument. */
export const largest = (wide: boolean): bigint => (wide ? WORD64 : WORD32)

/**
 * @param wide the ABI's arguments have 64 bits; else their upper half is 0, so that no larger value is ever equal
 */
export function conditionOf({ index, op, value, valueTwo = 0 }: ArgumentCondition, wide: boolean): Condition {
  const x = BigInt(value)
  const most = largest(wide)
  const within = (...intervals: Interval[]): Condition => ({
    kind: 'within',
    argument: index,
    intervals: intervals
      .map(([from, to]): Interval => (to > most ? [from, most] : [from, to]))
      .filter(([from, to]) => from <= to),
  })
  switch (op) {
    case 'SCMP_CMP_EQ':
      return within([x, x])
    case 'SCMP_CMP_NE':
      return within([0n, x - 1n], [x + 1n, most])
    case 'SCMP_CMP_LT':
      return within([0n, x - 1n])
    case 'SCMP_CMP_LE':
      return within([0n, x])
    case 'SCMP_CMP_GE':
      return within([x, most])
    case 'SCMP_CMP_GT':
      return within([x + 1n, most])
    case 'SCMP_CMP_MASKED_EQ':
      return maskedCondition(index, x, BigInt(valueTwo), most)
  }
}

/** Bits of the value that the mask hides don't count, as in libseccomp. */
function maskedCondition(argument: number, mask: bigint, unmasked: bigint, most: bigint): Condition {
  const value = unmasked & mask
  if (value > most) return { kind: 'within', argument, intervals: [] }
  if ((mask & most) === most) return { kind: 'within', argument, intervals: [[value, value]] }
  return { kind: 'masked', argument, mask: mask & most, value }
}

/** Whether a condition holds for an argument. */
export const holds = (condition: Condition, argument: bigint): boolean =>
  condition.kind === 'masked'
    ? (argument & condition.mask) === condition.value
    : condition.intervals.some(([from, to]) => from <= argument && argument <= to)
