import type { ActionName } from '../src/profile/actions.js'
import { OPERATORS, type OperatorName } from '../src/profile/operators.js'
import type { ArgumentCondition, SeccompProfile, SyscallRule } from '../src/profile/profile.js'

/** Numbers from 0 up to a limit, the same ones for the same seed (mulberry32). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

export type Random = (below: number) => number

export const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)] as T

/** Values at which comparisons change, of both halves. */
const EDGES = [0n, 1n, 2n, 5n, 38n, 40n, 0x7fffffffn, 0x80000000n, 0xfffffffen, 0xffffffffn]
const WIDE = [0x100000000n, 0x100000001n, 0x7e02000000000000n, 2n ** 63n, 2n ** 64n - 1n, 0x500000005n]

export const randomValue = (random: Random, wide: boolean): bigint => {
  const edge = pick(random, wide && random(2) === 0 ? WIDE : EDGES)
  return BigInt.asUintN(wide ? 64 : 32, edge + BigInt(random(3)) - 1n)
}

/** Numbers around the borders between ABIs, and between what is known and what is new. */
export const ODD_NUMBERS = [
  0, 470, 471, 511, 512, 547, 1000, 0x3fffffff, 0x40000000, 0x40000200, 0x40000223, 0x4fffffff, 0x7fffffff, 0x80000000,
  0xc0000001, 0xffffffff,
]

const OPERATOR_NAMES = Object.keys(OPERATORS) as OperatorName[]

function condition(random: Random, index: number, wide: boolean): ArgumentCondition {
  const op = pick(random, OPERATOR_NAMES)
  const value = randomValue(random, wide)
  return { index, op, value, ...(op === 'SCMP_CMP_MASKED_EQ' ? { valueTwo: randomValue(random, wide) & value } : {}) }
}

const ACTIONS: readonly ActionName[] = [
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_LOG',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_NOTIFY',
]

/**
 * `one`: a rule for each call, with conditions on several arguments; `same`: several rules about one argument; `any`: both
 * mixed, where Debian 12's libseccomp (2.5.4) goes wrong, as it does with `same` and 64-bit values.
 */
export type Shape = 'one' | 'same' | 'any'

/**
 * A profile of random rules. A call's rules agree in their action: of those that don't, libseccomp chooses by an order of
 * its own.
 *
 * @param wide values of 64 bits, and no ABI of 32, where libseccomp cuts them
 */
export function randomProfile(random: Random, names: readonly string[], wide: boolean, shape: Shape): SeccompProfile {
  const pool = [...names]
  const syscalls = Array.from({ length: 1 + random(40) }, (): SyscallRule[] => {
    const action = pick(random, ACTIONS)
    const errnoRet = action === 'SCMP_ACT_ERRNO' ? { errnoRet: 1 + random(60) } : {}
    const own = Array.from({ length: 1 + random(4) }, () => pool.splice(random(pool.length), 1)[0] as string)
    const always = random(6)
    const indexes = (): number[] => {
      if (shape === 'same') return [always]
      const some = Array.from({ length: random(4) }, () => random(6))
      return shape === 'one' ? [...new Set(some)] : some
    }
    return Array.from({ length: shape === 'one' ? 1 : 1 + random(4) }, () => ({
      names: own,
      action,
      ...errnoRet,
      args: indexes().map((index) => condition(random, index, wide)),
    }))
  }).flat()
  return {
    defaultAction: pick(random, ['SCMP_ACT_ERRNO', 'SCMP_ACT_ALLOW', 'SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_LOG']),
    architectures: wide ? [] : ['SCMP_ARCH_X86', 'SCMP_ARCH_X32', 'SCMP_ARCH_ARM'].filter(() => random(2) === 0),
    syscalls,
  }
}
