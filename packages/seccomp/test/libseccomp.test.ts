// requires gcc and libseccomp-dev
import type { Arch } from '@rt/sys'
import { beforeEach, describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { namesOf } from '../src/compile/call-rules.js'
import { filter } from '../src/filter.js'
import { ABIS, type Abi, AUDIT_ARCH } from '../src/numbers/abi.js'
import { MULTIPLEXERS, multiplexedBy } from '../src/numbers/multiplexed.js'
import { ARM_PRIVATE, nameOf, numbers } from '../src/numbers/syscall-numbers.js'
import type { SeccompProfile } from '../src/profile/profile.js'
import { type SelectedRule, selectAbis, selectRules } from '../src/profile/select-rules.js'
import { interpret } from './interpret.js'
import { libseccompFilter, libseccompNumbers } from './libseccomp.js'
import { ODD_NUMBERS, pick, randomNumbers, randomProfile, randomValue, type Shape } from './random-profile.js'

const PROFILES = 25
const CALLS = 400

const ARCHS: readonly Arch[] = ['x64', 'arm64']
const ENOSYS = 0x50026
const SITUATION = { capabilities: [], kernel: { version: 6, revision: 1 } }

const allNames = (): string[] => [
  ...new Set(ARCHS.flatMap((arch) => ABIS[arch].flatMap((abi) => [...numbers(abi).keys()]))),
]

beforeEach((context) => {
  needs(context, 'gcc', 'seccomp.h')
})

describe('the numbers of system calls', () => {
  it.each(['x86_64', 'x86', 'x32', 'aarch64', 'arm'] as const)('of %s are libseccomp’s, for what it knows', (abi) => {
    const names = allNames()
    const theirs = libseccompNumbers(abi, names)
    const known = names.filter((name) => theirs.get(name) !== undefined)
    expect(known.filter((name) => theirs.get(name) !== numbers(abi).get(name))).toEqual([])
    expect(known.length).toBeGreaterThan(300)
  })
})

describe.each(ARCHS)('a random profile on %s means what it means to libseccomp', (arch) => {
  const rows: readonly (readonly [string, Shape, boolean])[] = [
    ['one rule a call, 64-bit values', 'one', true],
    ['one rule a call, all ABIs', 'one', false],
    ['several rules about an argument, all ABIs', 'same', false],
  ]
  it.each(rows)('%s', (_, shape, wide) => {
    const names = namesOfBoth(arch)
    for (let seed = 0; seed < PROFILES; seed++) {
      const random = randomNumbers(seed)
      const profile = randomProfile(random, names, wide, shape)
      const selected = selectRules(profile, { arch, ...SITUATION })
      const own = filter(profile, { arch, kernel: '6.1' }).bytes
      const other = libseccompFilter(profile, selected, { arch, knows: () => true })
      const named = selected.flatMap(({ rule }) => namesOf(rule))
      for (let i = 0; i < CALLS; i++) {
        const entered = pick(random, ABIS[arch])
        const number =
          random(4) === 0 ? pick(random, ODD_NUMBERS) : (numbers(entered).get(pick(random, named)) ?? random(480))
        const args = Array.from({ length: 6 }, () => randomValue(random, wide))
        const data = { arch: AUDIT_ARCH[entered], number, args }
        const abi = entered === 'x86_64' || entered === 'x32' ? x86Abi(number) : entered
        const expected = isNewer(profile, selected, arch, abi, number) ? ENOSYS : interpret(other, data).value
        const { value } = interpret(own, data)
        if (value === expected) continue
        const name = nameOf(number, abi)
        const rules = profile.syscalls?.filter((rule) => name !== undefined && namesOf(rule).includes(name))
        expect({ seed, abi, name, number, args, rules, value }).toEqual(expected)
      }
    }
  })
})

const x86Abi = (number: number): Abi => ((number & 0x40000000) === 0 ? 'x86_64' : 'x32')

/** Names whose numbers both know. Of conditions on multiplexed calls libseccomp has its own idea: multiplexed.test.ts. */
function namesOfBoth(arch: Arch): string[] {
  const multiplexed = new Set(MULTIPLEXERS.flatMap(multiplexedBy).map(({ name }) => name))
  const names = allNames().filter((name) => !multiplexed.has(name))
  const theirs = ABIS[arch].map((abi) => [abi, libseccompNumbers(abi, names)] as const)
  return names.filter(
    (name) =>
      (numbers('arm').get(name) ?? 0) < ARM_PRIVATE &&
      theirs.some(([, all]) => all.get(name) !== undefined) &&
      theirs.every(([abi, all]) => all.get(name) === numbers(abi).get(name)),
  )
}

/** runc answers for calls newer than all that the profile names, before libseccomp's filter runs. */
function isNewer(
  profile: SeccompProfile,
  selected: readonly SelectedRule[],
  arch: Arch,
  abi: Abi,
  number: number,
): boolean {
  const isStrict = profile.defaultAction === 'SCMP_ACT_ERRNO' || profile.defaultAction === 'SCMP_ACT_KILL_PROCESS'
  if (!isStrict || !selectAbis(profile, arch).includes(abi)) return false
  const named = selected.flatMap(({ rule }) => namesOf(rule).map((name) => numbers(abi).get(name) ?? -1))
  return Math.max(...named) >= 0 && number > Math.max(...named)
}
