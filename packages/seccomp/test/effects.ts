import { createHash } from 'node:crypto'
import { type Arch, CAPABILITIES, type CapabilityName } from '@rt/sys'
import { capabilitiesOf, filter } from '../src/filter.js'
import { ABIS, AUDIT_ARCH } from '../src/numbers/abi.js'
import { numberOf } from '../src/numbers/syscall-numbers.js'
import type { SeccompProfile } from '../src/profile/profile.js'
import { interpret } from './interpret.js'

/** First arguments for every call; and those at which Docker's rules change: families, personalities, clone's flags. */
const FEW = [0n, 38n, 2n ** 64n - 1n]
const ARGUMENTS = [
  ...[
    0n,
    1n,
    8n,
    9n,
    37n,
    38n,
    39n,
    40n,
    41n,
    0x20000n,
    0x20008n,
    0xffffffffn,
    0x100000000n,
    0x100000026n,
    2n ** 64n - 1n,
  ],
  ...Array.from({ length: 32 }, (_, bit) => 1n << BigInt(bit)),
]

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i)

/** Every number that any ABI has, and what is around them. */
const NUMBERS = [
  ...range(0, 560),
  ...range(0x40000000, 560),
  ...range(0xf0000, 8),
  ...[0x3fffffff, 0x7fffffff, 0x80000000, 0xbfffffff, 0xc0000000, 0xffffffff],
]

/** Sets of capabilities: none, all, each that the profile knows alone, all but that one. */
export function capabilitySets(profile: SeccompProfile): CapabilityName[][] {
  const all = Object.keys(CAPABILITIES) as CapabilityName[]
  const known = capabilitiesOf(profile)
  return [[], all, ...known.map((name) => [name]), ...known.map((name) => all.filter((each) => each !== name))]
}

/** Calls whose arguments Docker's profile looks at. */
const LOOKED_AT = ['clone', 'clone3', 'personality', 'socket']

/** What a profile's filter answers to every call, as a digest: equal in effect is equal here. */
export function effects(profile: SeccompProfile, arch: Arch, sets: readonly (readonly CapabilityName[])[]): string {
  const hash = createHash('sha256')
  const lookedAt = new Set(ABIS[arch].flatMap((abi) => LOOKED_AT.map((name) => numberOf(name, abi))))
  for (const capabilities of sets) {
    const { bytes } = filter(profile, { arch, capabilities, kernel: '6.18' })
    for (const abi of new Set(ABIS[arch].map((each) => AUDIT_ARCH[each]))) {
      const values = NUMBERS.flatMap((number) =>
        (lookedAt.has(number) ? ARGUMENTS : FEW).map((argument) => {
          return interpret(bytes, { arch: abi, number, args: [argument] }).value
        }),
      )
      hash.update(new Uint32Array(values))
    }
  }
  return hash.digest('hex')
}
