import {
  type Address,
  address,
  branch,
  buffer,
  compute,
  goto,
  type Instruction,
  label,
  type Ref,
  ref,
  type Value,
} from './instruction.js'

const DIGITS = 7
const ZERO = 0x30
const SIGN = 1n << 63n

/**
 * A word as decimal text: `/proc/1234` and the first argument of newuidmap(1) can't be written before the process
 * exists. The machine adds, multiplies and compares, so a digit is found by counting how often its power of ten can be
 * taken away; leading zeros are skipped, since procfs refuses them.
 *
 * @param save   name of the text: `decimalText(save)` is then a pointer to it
 * @param value  0 … 9,999,999 (pids stay below 2^22)
 * @param suffix bytes after the number, such as `/uid_map`; at most 8
 */
export function decimal(save: string, value: Value, suffix = ''): Instruction[] {
  const [digits, rest, less, digit] = [`${save}.digits`, `${save}.rest`, `${save}.less`, `${save}.digit`]
  const instructions: Instruction[] = [compute(`${save}.at`, buffer(digits, DIGITS + 17)), compute(rest, value)]
  for (let k = 0; k < DIGITS; k++) {
    const power = 10 ** (DIGITS - 1 - k)
    const [again, next] = [`${save}.again${k}`, `${save}.next${k}`]
    instructions.push(
      compute(digit, ZERO),
      label(again),
      compute(less, ref(rest), -1, power),
      branch(ref(less), SIGN, { mask: SIGN, then: next }),
      compute(rest, ref(less)),
      compute(digit, ref(digit), 1, 1),
      goto(again),
      label(next),
      // Eight bytes wide, like every store: the next digit overwrites the zeros, the last one leaves the NUL.
      compute(`${digits}+${k}`, ref(digit)),
    )
  }
  if (suffix) instructions.push(compute(`${digits}+${DIGITS}`, Buffer.from(suffix.padEnd(8, '\0')).readBigUInt64LE()))
  const found = `${save}.found`
  instructions.push(compute(`${save}.text`, address(digits)))
  for (let k = 0; k < DIGITS - 1; k++) {
    instructions.push(
      branch(ref(digits, k), ZERO, { mask: 0xff, else: found }),
      compute(`${save}.text`, address(digits, k + 1)),
    )
  }
  return [...instructions, label(found)]
}

/** The address behind the last digit of the text that {@link decimal} makes. */
export const decimalEnd = (save: string): Address => address(`${save}.digits`, DIGITS)

/** The pointer to the text that {@link decimal} made: an argument of a call, or an entry of a vector. */
export const decimalText = (save: string): Ref => ref(`${save}.text`)
