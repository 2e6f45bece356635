// requires gcc, and aarch64-linux-gnu-gcc with libc6-dev-arm64-cross for arm64
import * as sys from '@rt/sys'
import { type Arch, CAPABILITIES, openFlags, RLIMITS, SIGNALS, translateOpenFlags } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { COMPILERS, falseAssertions, hasCompiler, macrosOf } from './c-compiler.js'

/** Headers that can be included together, in groups: the kernel's and libc's own ones contradict each other. */
const GROUPS = [
  [
    'linux/bpf.h',
    'linux/bpf_common.h',
    'linux/capability.h',
    'linux/close_range.h',
    'linux/fs.h',
    'linux/ioprio.h',
    'linux/keyctl.h',
    'linux/limits.h',
    'linux/binfmts.h',
    'linux/magic.h',
    'linux/memfd.h',
    'linux/mount.h',
    'linux/mqueue.h',
    'linux/nsfs.h',
    'linux/openat2.h',
    'linux/personality.h',
    'linux/pidfd.h',
    'linux/prctl.h',
    'linux/random.h',
    'linux/reboot.h',
    'linux/sched.h',
    'linux/seccomp.h',
    'linux/audit.h',
    'linux/securebits.h',
    'linux/sockios.h',
    'linux/stat.h',
    'linux/wait.h',
    'linux/xattr.h',
    'asm/fcntl.h',
    'asm/ioctls.h',
    'asm/mman.h',
    'asm/poll.h',
    'asm/resource.h',
    'asm/signal.h',
    'asm/siginfo.h',
    'asm/socket.h',
    'asm/termbits.h',
  ],
  ['linux/if.h', 'sys/socket.h', 'sys/mount.h', 'fcntl.h', 'sys/file.h', 'unistd.h', 'sched.h', 'sys/wait.h'],
] as const

/** Macros by these names are other things in C. */
const DIFFERENT = new Set([
  // The kernel's is 32, libc keeps two for itself.
  'SIGRTMIN',
  // Expressions of what no header for programs defines: _NSIG, PAGE_SIZE.
  'SIGRTMAX',
  'MAX_ARG_STRLEN',
])

/** Every constant of this package that is a number. */
function constants(arch: Arch): [string, number | bigint][] {
  const exported = Object.entries(sys as Readonly<Record<string, unknown>>).filter(
    (entry): entry is [string, number | bigint] =>
      /^[A-Z][A-Z0-9_]+$/.test(entry[0]) && ['number', 'bigint'].includes(typeof entry[1]),
  )
  const tables = [CAPABILITIES, RLIMITS, SIGNALS].flatMap((table) => Object.entries<number>(table))
  // The open flags that are exported are this machine's.
  return Object.entries({ ...Object.fromEntries([...exported, ...tables]), ...openFlags(arch) })
}

describe.for(Object.entries(COMPILERS) as [Arch, string][])('constants of %s', ([arch, compiler]) => {
  it("are the headers'", (context) => {
    if (!hasCompiler(compiler)) context.skip(`needs ${compiler}`)
    const checked = new Set<string>()
    const wrong: string[] = []
    for (const headers of GROUPS) {
      const known = new Set(macrosOf(compiler, headers))
      const assertions = constants(arch)
        .filter(([name]) => known.has(name) && !DIFFERENT.has(name))
        .map(([name, value]) => {
          checked.add(name)
          // Compared as 64 bits without sign: C's constants are of all types.
          return { expression: `(unsigned long)(${name}) == ${BigInt.asUintN(64, BigInt(value))}ul` }
        })
      wrong.push(...falseAssertions(compiler, headers, assertions))
    }
    expect(wrong).toEqual([])
    // The rest are enumerators, which the preprocessor does not know, and what is newer than the headers.
    expect(checked.size).toBeGreaterThan(400)
  })
})

describe('enumerators', () => {
  const names = [
    ...Object.keys(sys).filter((name) => /^(FSCONFIG_(SET|CMD)_(?!CREATE_EXCL)|P_(ALL|PID|PGID|PIDFD)$)/.test(name)),
    ...['BPF_PROG_LOAD', 'BPF_PROG_ATTACH', 'BPF_PROG_QUERY', 'BPF_PROG_TYPE_CGROUP_DEVICE', 'BPF_CGROUP_DEVICE'],
    ...['BPF_PROG_DETACH', 'BPF_PROG_GET_FD_BY_ID', 'BPF_OBJ_GET_INFO_BY_FD'],
    ...['IOPRIO_CLASS_RT', 'IOPRIO_CLASS_IDLE', 'IOPRIO_WHO_PROCESS', 'IOPRIO_WHO_USER'],
  ]

  it("are the headers'", (context) => {
    if (!hasCompiler(COMPILERS.x64)) context.skip(`needs ${COMPILERS.x64}`)
    const values = sys as unknown as Readonly<Record<string, number>>
    const assertions = names.map((name) => ({ expression: `${name} == ${values[name]}` }))
    expect(assertions.length).toBeGreaterThan(18)
    expect(
      falseAssertions('gcc', ['linux/mount.h', 'linux/bpf.h', 'linux/ioprio.h', 'linux/wait.h'], assertions),
    ).toEqual([])
  })
})

describe('translateOpenFlags', () => {
  it('turns the four flags that differ, and leaves the others', () => {
    const x64 = openFlags('x64')
    const arm64 = openFlags('arm64')
    for (const name of Object.keys(x64)) {
      expect(translateOpenFlags(x64[name] as number, 'x64', 'arm64'), name).toBe(BigInt(arm64[name] as number))
      expect(translateOpenFlags(arm64[name] as number, 'arm64', 'x64'), name).toBe(BigInt(x64[name] as number))
    }
    expect(translateOpenFlags(1n << 40n, 'x64', 'arm64')).toBe(1n << 40n)
  })
})
