// requires gcc, libc6-dev and libc6-dev-arm64-cross
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import type { Abi } from '../src/numbers/abi.js'
import { blocks, isKnownName, nameOf, numberOf, numbers } from '../src/numbers/syscall-numbers.js'

/** The kernel's own tables, as Debian's headers have them. */
const HEADERS: readonly (readonly [Abi, string, number])[] = [
  ['x86_64', '/usr/include/x86_64-linux-gnu/asm/unistd_64.h', 0],
  ['x86', '/usr/include/x86_64-linux-gnu/asm/unistd_32.h', 0],
  ['x32', '/usr/include/x86_64-linux-gnu/asm/unistd_x32.h', 0x40000000],
  ['aarch64', '/usr/aarch64-linux-gnu/include/asm/unistd.h', 0],
]

describe.each(HEADERS)('the numbers of %s', (abi, header, bit) => {
  it('are those of the kernel’s headers: none other, none missing', (context) => {
    needs(context, 'gcc')
    if (!existsSync(header)) context.skip(`needs ${header}: sh tooling/setup-debian.sh libc6-dev libc6-dev-arm64-cross`)
    const include = header.includes('aarch64') ? ['-nostdinc', '-I/usr/aarch64-linux-gnu/include'] : []
    const { stdout, stderr } = spawnSync('gcc', ['-E', '-dM', ...include, header], { encoding: 'utf8' })
    const macros = [...stdout.matchAll(/^#define __NR(?:3264)?_(\w+) (?:\(__X32_SYSCALL_BIT \+ )?(\d+)\)?$/gm)]
    const theirs = new Map(macros.map(([, name = '', number]) => [NAMES[name] ?? name, Number(number) + bit]))
    for (const name of NO_CALLS) theirs.delete(name)
    expect(stderr).toBe('')
    expect(theirs.size).toBeGreaterThan(300)
    const isOwn = (number: number) => number >= bit + X32_OWN
    const newest = Math.max(...[...theirs.values()].filter((number) => !isOwn(number)))
    const own = [...numbers(abi)].filter(
      ([name, number]) => (number <= newest || isOwn(number)) && !LATE.includes(name),
    )
    expect(sorted(own)).toEqual(sorted([...theirs]))
  })
})

const sorted = (table: readonly [string, number][]) => table.toSorted(([a], [b]) => (a < b ? -1 : 1))
/** From here on x32 has entries of its own, below which new ones are shared. */
const X32_OWN = 512
/** Of asm-generic/unistd.h: what __NR3264_ means where a long has 64 bits. */
const NAMES: Readonly<Record<string, string>> = { fstatat: 'newfstatat' }
const NO_CALLS = ['syscalls', 'arch_specific_syscall']
/** Numbers that were left free, given away in Linux 6.11 and 6.18. */
const LATE = ['uretprobe', 'uprobe']

describe('numbers newer than Debian’s headers', () => {
  // From the kernel's syscall tables: each is the same everywhere.
  it.each([
    ['cachestat', 451],
    ['fchmodat2', 452],
    ['futex_wake', 454],
    ['statmount', 457],
    ['mseal', 462],
    ['removexattrat', 466],
    ['open_tree_attr', 467],
    ['file_getattr', 468],
    ['file_setattr', 469],
    ['listns', 470],
    ['rseq_slice_yield', 471],
  ])('%s is %i', (name, number) => {
    for (const abi of ['x86_64', 'x86', 'aarch64', 'arm'] as const) expect(numberOf(name, abi)).toBe(number)
    expect(numberOf(name, 'x32')).toBe(0x40000000 + number)
  })

  it.each(['x86_64', 'x86', 'x32', 'aarch64', 'arm'] as const)(
    'each of %s has one name, each name one number',
    (abi) => {
      const listed = blocks(abi).flatMap(({ first, names }) =>
        names.flatMap((name, i) => (name === undefined ? [] : [[name, first + i] as const])),
      )
      expect(listed).toEqual([...numbers(abi)])
      for (const [name, number] of listed) expect(nameOf(number, abi)).toBe(name)
    },
  )

  it('arm’s private ones, and what an ABI lacks', () => {
    expect(numberOf('cacheflush', 'arm')).toBe(0xf0002)
    expect(numberOf('set_tls', 'arm')).toBe(0xf0005)
    expect(numberOf('memfd_secret', 'arm')).toBeUndefined()
    expect(numberOf('open', 'aarch64')).toBeUndefined()
    expect(numberOf('set_thread_area', 'x32')).toBeUndefined()
    expect(numberOf('execve', 'x32')).toBe(0x40000000 + 520)
    expect(nameOf(0x40000000 + 520, 'x32')).toBe('execve')
    expect(nameOf(0x40000000 + 59, 'x32')).toBeUndefined()
  })

  it('a name of another architecture is known, a misspelt one isn’t', () => {
    for (const name of ['riscv_flush_icache', 's390_sthyi', 'recv', 'socketcall']) expect(isKnownName(name)).toBe(true)
    for (const name of ['opem', '', 'toString']) expect(isKnownName(name)).toBe(false)
  })
})
