// requires gcc, and aarch64-linux-gnu-gcc with libc6-dev-arm64-cross for arm64
import { type Arch, hasSyscall, isSyscallName, RtError, SYSCALL_NAMES, syscallName, syscallNumber } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { COMPILERS, falseAssertions, hasCompiler, macrosOf } from './c-compiler.js'

describe.for(Object.entries(COMPILERS) as [Arch, string][])('system call numbers of %s', ([arch, compiler]) => {
  it("are the kernel headers'", (context) => {
    if (!hasCompiler(compiler)) context.skip(`needs ${compiler}`)
    const assertions = SYSCALL_NAMES.filter((name) => hasSyscall(name, arch)).map((name) => ({
      when: `__NR_${name}`,
      expression: `__NR_${name} == ${syscallNumber(name, arch)}`,
    }))
    expect(falseAssertions(compiler, ['asm/unistd.h'], assertions)).toEqual([])
  })

  it('are complete: every call of the headers is in the table, and no other', (context) => {
    if (!hasCompiler(compiler)) context.skip(`needs ${compiler}`)
    const names = macrosOf(compiler, ['asm/unistd.h'])
      .filter((macro) => /^__NR_[a-z_]/.test(macro) && !/^__NR_(syscalls|arch_specific_syscall)$/.test(macro))
      .map((macro) => macro.slice('__NR_'.length))
    expect(names.length).toBeGreaterThan(250)
    expect(names.filter((name) => !isSyscallName(name) || !hasSyscall(name, arch))).toEqual([])
    // Those with a number below the headers' newest must be in them: arm64 must not claim to have open(2).
    const newest = Math.max(...names.map((name) => (isSyscallName(name) ? syscallNumber(name, arch) : 0)))
    const known = new Set(names)
    // x86-64 gives calls of its own the numbers that were left free: Linux 6.11 and 6.18.
    const late = ['uretprobe', 'uprobe']
    const surplus = SYSCALL_NAMES.filter(
      (name) =>
        hasSyscall(name, arch) && syscallNumber(name, arch) <= newest && !known.has(name) && !late.includes(name),
    )
    expect(surplus).toEqual([])
  })

  it('are read back by number', () => {
    for (const name of SYSCALL_NAMES) {
      if (hasSyscall(name, arch)) expect(syscallName(syscallNumber(name, arch), arch)).toBe(name)
    }
    expect(syscallName(100_000, arch)).toBeUndefined()
  })
})

describe('a call that arm64 does not have', () => {
  it('has no number there', () => {
    expect(hasSyscall('open', 'arm64')).toBe(false)
    expect(() => syscallNumber('open', 'arm64')).toThrow(RtError)
    expect(() => syscallNumber('open', 'arm64')).toThrow('arm64 has no system call open')
  })

  it('is a name all the same, and names of objects are none', () => {
    expect(isSyscallName('open')).toBe(true)
    expect(isSyscallName('toString')).toBe(false)
  })
})
