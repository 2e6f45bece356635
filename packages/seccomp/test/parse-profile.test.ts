// pure
import { existsSync, readFileSync } from 'node:fs'
import { RtError } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { filter } from '../src/filter.js'
import { parseProfile } from '../src/profile/parse-profile.js'
import type { SeccompProfile } from '../src/profile/profile.js'

function complaints(profile: unknown): string[] {
  try {
    parseProfile(typeof profile === 'string' ? profile : JSON.stringify(profile))
  } catch (error) {
    if (RtError.isInstance(error)) return (error.complaints ?? []).map(({ path, message }) => `${path}: ${message}`)
    throw error
  }
  return []
}

const ALLOW = 'SCMP_ACT_ALLOW'

describe('a profile', () => {
  it('is OCI’s or Docker’s; null is an absent field, as in Go', () => {
    const text = JSON.stringify({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 38,
      archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: null }],
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      syscalls: [
        { name: 'read', action: ALLOW, args: null, comment: '', includes: {}, excludes: null },
        { names: ['write'], action: ALLOW, includes: { caps: ['CAP_KILL'], arches: ['amd64'], minKernel: '4.8' } },
      ],
    })
    expect(parseProfile(text).syscalls).toHaveLength(2)
  })

  it('keeps all bits of a number', () => {
    const text = (value: string) =>
      `{"defaultAction":"${ALLOW}","syscalls":[{"names":["a 1234567890123456789"],"action":"${ALLOW}","args":[{"index":0,"value":${value},"op":"SCMP_CMP_EQ"}]}]}`
    const value = (given: string) => parseProfile(text(given)).syscalls?.[0]?.args?.[0]?.value
    expect(value('18446744073709551615')).toBe(2n ** 64n - 1n)
    expect(value('9007199254740993')).toBe(9007199254740993n)
    expect(value('4294967295')).toBe(4294967295)
    expect(parseProfile(text('1')).syscalls?.[0]?.names).toEqual(['a 1234567890123456789'])
    expect(complaints(text('18446744073709551616'))).toHaveLength(1)
    expect(complaints(text('-1'))).toHaveLength(1)
    expect(complaints(text('1e30'))).toHaveLength(1)
  })

  it('tells everything that is wrong, each with its path', () => {
    expect(
      complaints({
        defaultAction: 'ALLOW',
        architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_Z80'],
        archMap: [{ subArchitectures: 'SCMP_ARCH_X86' }],
        flags: ['LOG'],
        listenerPath: '/run/agent',
        syscall: [],
        syscalls: [
          {},
          { name: 'a', names: ['b'], action: 'SCMP_ACT_NONE' },
          { names: ['a'], action: ALLOW, errnoRet: 1 },
          { names: ['a'], action: 'SCMP_ACT_ERRNO', errnoRet: 4096 },
          { names: [7], action: ALLOW, args: [{ index: 6, value: 1.5, op: 'EQ' }, {}] },
          { names: ['a'], action: ALLOW, includes: { caps: ['SYS_ADMIN'], minKernel: '4' }, excludes: { cap: [] } },
          7,
        ],
      }),
    ).toMatchInlineSnapshot(`
      [
        "defaultAction: expected an action (SCMP_ACT_ALLOW, SCMP_ACT_ERRNO, …), got "ALLOW"",
        "architectures[1]: expected an architecture (SCMP_ARCH_X86_64, …), got "SCMP_ARCH_Z80"",
        "archMap[0].subArchitectures: expected a list, got "SCMP_ARCH_X86"",
        "archMap[0].architecture: is missing",
        "flags[0]: expected a flag (SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_FILTER_FLAG_LOG, SECCOMP_FILTER_FLAG_SPEC_ALLOW, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV), got "LOG"",
        "listenerPath: a listener for SCMP_ACT_NOTIFY is not supported yet; leave it out, or use another action",
        "syscall: is no field of a seccomp profile",
        "syscalls[0].action: is missing",
        "syscalls[0]: has neither name nor names",
        "syscalls[1].action: expected an action (SCMP_ACT_ALLOW, SCMP_ACT_ERRNO, …), got "SCMP_ACT_NONE"",
        "syscalls[1]: has both name and names: use one",
        "syscalls[2].errnoRet: SCMP_ACT_ALLOW takes no errno",
        "syscalls[3].errnoRet: expected a whole number from 0 to 4095, got 4096",
        "syscalls[4].names[0]: expected a string, got 7",
        "syscalls[4].args[0].index: expected a whole number from 0 to 5, got 6",
        "syscalls[4].args[0].value: expected a whole number from 0 to 18446744073709551615, got 1.5",
        "syscalls[4].args[0].op: expected an operator (SCMP_CMP_EQ, …), got "EQ"",
        "syscalls[4].args[1].index: is missing",
        "syscalls[4].args[1].value: is missing",
        "syscalls[4].args[1].op: is missing",
        "syscalls[5].includes.caps[0]: expected a capability (CAP_SYS_ADMIN, …), got "SYS_ADMIN"",
        "syscalls[5].includes.minKernel: expected a kernel version ("4.8"), got "4"",
        "syscalls[5].excludes.cap: is no field of a seccomp profile",
        "syscalls[6]: expected an object, got 7",
        "archMap: is given beside architectures: use one",
      ]
    `)
  })

  it.each(['', '7', '[]', 'null', '"x"', '{'])('is not %j', (text) => {
    expect(() => parseProfile(text, '--security-opt')).toThrow(RtError)
  })

  it('of a program is checked as one of a file is', () => {
    const bad = { defaultAction: ALLOW, syscalls: [{ names: ['read'], action: 'NO' }] } as unknown as SeccompProfile
    expect(() => filter(bad)).toThrow('syscalls[0].action: expected an action')
  })

  it('that podman has is one', (context) => {
    const file = '/usr/share/containers/seccomp.json'
    if (!existsSync(file)) context.skip(`needs ${file} (Debian: golang-github-containers-common)`)
    const { warnings } = filter(parseProfile(readFileSync(file, 'utf8')), { arch: 'x64', kernel: '6.1' })
    expect(warnings.filter((text) => text.includes('no system call'))).toEqual([])
  })
})

describe('warnings', () => {
  const warnings = (...syscalls: NonNullable<SeccompProfile['syscalls']>) =>
    filter({ defaultAction: 'SCMP_ACT_ERRNO', syscalls }, { arch: 'x64', kernel: '6.1' }).warnings
  const equals = (value: number) => ({ args: [{ index: 0, op: 'SCMP_CMP_EQ', value }] }) as const

  it('are about names that no architecture has', () => {
    expect(warnings({ names: ['read', 'raed', 'riscv_hwprobe'], action: ALLOW })).toEqual([
      'seccomp: syscalls[0]: no system call is named "raed"; it is left out',
    ])
  })

  it('are about rules that decide nothing', () => {
    expect(
      warnings(
        { names: ['socket'], action: 'SCMP_ACT_KILL_PROCESS', ...equals(38) },
        { names: ['socket'], action: ALLOW },
        { names: ['personality'], action: 'SCMP_ACT_ERRNO', ...equals(1) },
      ),
    ).toEqual([
      'seccomp: syscalls[0]: socket is decided by syscalls[1], which has no conditions',
      'seccomp: syscalls[2]: personality has the default’s action: the rule decides nothing'.replace('’', "'"),
    ])
  })
})
