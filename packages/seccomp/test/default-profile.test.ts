// pure; with MOBY_PROFILE=FILE (seccomp/default.json of github.com/moby/profiles) it compares with that file
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { filter } from '../src/filter.js'
import { judge } from '../src/judge.js'
import { AUDIT_ARCH } from '../src/numbers/abi.js'
import { numberOf } from '../src/numbers/syscall-numbers.js'
import { profileComplaints } from '../src/profile/check-profile.js'
import { DEFAULT_PROFILE } from '../src/profile/default-profile.js'
import { parseProfile } from '../src/profile/parse-profile.js'
import { selectRules } from '../src/profile/select-rules.js'
import { ruleWarnings } from '../src/rule-warnings.js'
import { capabilitySets, effects } from './effects.js'
import { interpret } from './interpret.js'

/**
 * The digests of moby's own file, tag seccomp/v0.2.3, made by this test with MOBY_PROFILE: every number of every ABI, the
 * arguments at which a rule changes, 30 sets of capabilities.
 */
const MOBY = {
  x64: '958ccad692f35d78c2cf49ce9c554afea295e46a8c20365c8e61b06dfa721a39',
  arm64: 'fff5b4defd88998d85d84515e5a17b5ba9528df31cf5572e5be3f352892a3b49',
} as const

describe('the default profile', () => {
  it.each(['x64', 'arm64'] as const)('is equal in effect to moby’s on %s', (arch) => {
    const file = process.env.MOBY_PROFILE
    const moby = file === undefined ? undefined : parseProfile(readFileSync(file, 'utf8'))
    const sets = capabilitySets(moby ?? DEFAULT_PROFILE)
    expect(sets).toHaveLength(30)
    if (moby) expect(effects(moby, arch, sets)).toBe(MOBY[arch])
    expect(effects(DEFAULT_PROFILE, arch, sets)).toBe(MOBY[arch])
  })

  it('makes a filter of which calls whose arguments count run little', () => {
    // Most of a start's calls are allowed for good, and the kernel knows it; these it asks about each time.
    const { bytes } = filter(DEFAULT_PROFILE, { arch: 'x64', capabilities: ['CAP_SYS_CHROOT'], kernel: '6.18' })
    const steps = (name: string, argument: bigint) =>
      interpret(bytes, { arch: AUDIT_ARCH.x86_64, number: numberOf(name, 'x86_64') as number, args: [argument] }).steps
    const families = Array.from({ length: 46 }, (_, family) => steps('socket', BigInt(family)))
    const personalities = [0n, 5n, 8n, 0x20000n, 0x20008n, 0xffffffffn].map((value) => steps('personality', value))
    // No more than when this was written.
    expect(Math.max(...families)).toBeLessThanOrEqual(12)
    expect(Math.max(...personalities)).toBeLessThanOrEqual(12)
    expect(steps('clone', 0x11n)).toBeLessThanOrEqual(9)
    expect(bytes.length / 8).toBeLessThanOrEqual(292)
    const arm = filter(DEFAULT_PROFILE, { arch: 'arm64', capabilities: ['CAP_SYS_CHROOT'], kernel: '6.18' }).bytes
    expect(arm.length / 8).toBeLessThanOrEqual(226)
  })

  it('is a profile without faults, in no situation with an odd rule', () => {
    expect(profileComplaints(DEFAULT_PROFILE)).toEqual([])
    for (const arch of ['x64', 'arm64'] as const) {
      for (const capabilities of capabilitySets(DEFAULT_PROFILE)) {
        const selected = selectRules(DEFAULT_PROFILE, { arch, capabilities, kernel: { version: 6, revision: 18 } })
        expect(ruleWarnings(DEFAULT_PROFILE, selected)).toEqual([])
      }
    }
  })

  it.each<[string, (number | bigint)[], string]>([
    ['read', [], 'ALLOW'],
    ['keyctl', [], 'ERRNO(EPERM)'],
    ['socket', [38], 'ERRNO(EPERM)'],
    ['socket', [40], 'ERRNO(EPERM)'],
    ['socket', [39], 'ALLOW'],
    ['socket', [41], 'ALLOW'],
    ['clone', [17], 'ALLOW'],
    ['clone', [0x10000011], 'ERRNO(EPERM)'],
    ['clone3', [], 'ERRNO(ENOSYS)'],
    ['listns', [], 'ERRNO(ENOSYS)'],
    ['io_uring_setup', [], 'ERRNO(EPERM)'],
    ['personality', [0x40000], 'ERRNO(EPERM)'],
    ['personality', [0x20008], 'ALLOW'],
  ])('%s(%j): %s', (name, args, verdict) => {
    for (const arch of ['x64', 'arm64'] as const) {
      expect(judge(DEFAULT_PROFILE, { name, args }, { arch, kernel: '6.18' }).verdict).toBe(verdict)
    }
  })
})
