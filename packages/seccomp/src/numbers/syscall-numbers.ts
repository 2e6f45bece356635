import { type Arch, hasSyscall, SYSCALL_NAMES, syscallNumber } from '@rt/sys'
import type { Abi } from './abi.js'
import { ARM } from './arm.js'
import { ELSEWHERE } from './elsewhere.js'
import { I386 } from './i386.js'
import { X32_BIT, X32_LACKS, X32_OWN } from './x32.js'

/** From here on a call has the same number everywhere. */
const FIRST_SHARED = 424
/** arm's private calls (set_tls, cacheflush) are numbered from here. */
export const ARM_PRIVATE = 0xf0000

type Numbers = ReadonlyMap<string, number>

const tables = new Map<Abi, Numbers>()
const names = new Map<Abi, ReadonlyMap<number, string>>()

/** A system call's number in an ABI (x32's with its bit), or undefined if it doesn't have that call. */
export const numberOf = (name: string, abi: Abi): number | undefined => numbers(abi).get(name)

/** The name of a number in an ABI, or undefined if the table has no such number. */
export function nameOf(number: number, abi: Abi): string | undefined {
  let known = names.get(abi)
  if (!known) {
    known = new Map([...numbers(abi)].map(([name, each]) => [each, name]))
    names.set(abi, known)
  }
  return known.get(number)
}

/** Whether any architecture has, or had, a system call of this name. */
export const isKnownName = (name: string): boolean =>
  (['x86_64', 'x86', 'aarch64', 'arm'] as const).some((abi) => numbers(abi).has(name)) || ELSEWHERE.has(name)

/** All calls of an ABI. The tables are read when first asked for: a compiled filter needs none. */
export function numbers(abi: Abi): Numbers {
  let table = tables.get(abi)
  if (!table) {
    table = read(abi)
    tables.set(abi, table)
  }
  return table
}

function read(abi: Abi): Numbers {
  switch (abi) {
    case 'x86_64':
      return own('x64')
    case 'aarch64':
      return own('arm64')
    case 'x86':
      return new Map([...listed(I386), ...shared()])
    case 'arm':
      // memfd_secret: 32-bit arm can't take pages out of the kernel's map.
      return new Map([...listed(ARM), ...shared().filter(([name]) => name !== 'memfd_secret')])
    case 'x32': {
      const lacks = new Set(X32_LACKS.split(' '))
      const common = [...own('x64')].filter(([name]) => !lacks.has(name))
      return new Map([...common, ...listed(X32_OWN)].map(([name, number]) => [name, number + X32_BIT]))
    }
  }
}

function own(arch: Arch): Map<string, number> {
  const found = new Map<string, number>()
  for (const name of SYSCALL_NAMES) if (hasSyscall(name, arch)) found.set(name, syscallNumber(name, arch))
  return found
}

const shared = (): [string, number][] => [...own('x64')].filter(([, number]) => number >= FIRST_SHARED)

/** A number, then names that count on from it. */
function listed(text: string): [string, number][] {
  const found: [string, number][] = []
  let next = 0
  for (const word of text.trim().split(/\s+/)) {
    if (/^\d/.test(word)) next = Number(word)
    else found.push([word, next++])
  }
  return found
}
