// pure: filters in an interpreter
import type { Arch } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { namesOf } from '../src/compile/call-rules.js'
import { filter } from '../src/filter.js'
import { judge } from '../src/judge.js'
import { ABIS, AUDIT_ARCH } from '../src/numbers/abi.js'
import { numbers } from '../src/numbers/syscall-numbers.js'
import type { SeccompProfile } from '../src/profile/profile.js'
import { selectAbis } from '../src/profile/select-rules.js'
import { interpret } from './interpret.js'
import { pick, randomNumbers, randomProfile, randomValue } from './random-profile.js'

const PROFILES = 50
const CALLS = 100

/** Every way into a kernel that a profile is about. */
const waysIn = (profile: SeccompProfile, arch: Arch) => selectAbis(profile, arch)

describe.each(['x64', 'arm64'] as const)('a random profile on %s', (arch) => {
  it.each([true, false])('is what its rules say (64-bit values: %s)', (wide) => {
    const names = ABIS[arch].flatMap((abi) => [...numbers(abi).keys()])
    for (let seed = 0; seed < PROFILES; seed++) {
      const random = randomNumbers(seed)
      const profile = randomProfile(random, [...new Set(names)], wide, 'any')
      const { bytes } = filter(profile, { arch, kernel: '6.1' })
      const named = (profile.syscalls ?? []).flatMap(namesOf)
      for (let i = 0; i < CALLS; i++) {
        const abi = pick(random, waysIn(profile, arch))
        const name = random(5) === 0 ? pick(random, names) : pick(random, named)
        const number = numbers(abi).get(name)
        if (number === undefined) continue
        const args = Array.from({ length: 6 }, () => randomValue(random, wide && abi === ABIS[arch][0]))
        const { value, reasons } = judge(profile, { name, args, abi }, { arch, kernel: '6.1' })
        const run = interpret(bytes, { arch: AUDIT_ARCH[abi], number, args })
        if (run.value !== value) expect({ seed, abi, name, args, got: run.value, reasons }).toEqual(value)
      }
    }
  })
})

describe('upper halves of values', () => {
  // A tree over the halves has an entry where something begins, and one behind it: 0 and 2, and then 1; 0, 1 and 3.
  const profile: SeccompProfile = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [0, 2, 3, 6].map((half, i) => ({
      names: ['read'],
      action: 'SCMP_ACT_ERRNO' as const,
      errnoRet: i + 1,
      args: [{ index: 0, op: 'SCMP_CMP_EQ' as const, value: half * 2 ** 32 + 5 }],
    })),
  }

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 0xffffffff])('%i: only values that a condition names are met', (half) => {
    const { bytes } = filter(profile, { arch: 'x64', kernel: '6.1' })
    for (const low of [0n, 4n, 5n, 6n, 0xffffffffn]) {
      const data = { arch: AUDIT_ARCH.x86_64, number: 0, args: [(BigInt(half) << 32n) + low] }
      const rule = low === 5n ? [0, 2, 3, 6].indexOf(half) : -1
      expect(interpret(bytes, data).value).toBe(rule < 0 ? 0x7fff0000 : 0x50000 + rule + 1)
    }
  })
})
