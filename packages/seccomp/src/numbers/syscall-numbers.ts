import { type Arch, hasSyscall, SYSCALL_NAMES, syscallNumber } from '@rt/sys'
import type { Abi } from './abi.js'
import { ARM, ARM_OWN } from './arm.js'
import { ELSEWHERE } from './elsewhere.js'
import { I386 } from './i386.js'
import { X32_BIT, X32_LACKS, X32_OWN } from './x32.js'

/** From here on a call has the same number everywhere. */
const FIRST_SHARED = 424
/** arm's private calls (set_tls, cacheflush) are numbered from here. */
export const ARM_PRIVATE = 0xf0000

/** Calls with numbers near each other: the names from the number `first` on, undefined where there is none. */
export interface Block {
  readonly first: number
  readonly names: readonly (string | undefined)[]
}

const tables = new Map<Abi, readonly Block[]>()
const numbered = new Map<Abi, ReadonlyMap<string, number>>()

/**
 * All calls of an ABI, in the order of their numbers. That is the form which the compiler goes through; names are hashed
 * only for who asks for the number of one.
 */
export function blocks(abi: Abi): readonly Block[] {
  let table = tables.get(abi)
  if (!table) {
    table = read(abi)
    tables.set(abi, table)
  }
  return table
}

/** A system call's number in an ABI (x32's with its bit), or undefined if it doesn't have that call. */
export const numberOf = (name: string, abi: Abi): number | undefined => numbers(abi).get(name)

/** The name of a number in an ABI, or undefined if the table has no such number. */
export const nameOf = (number: number, abi: Abi): string | undefined =>
  blocks(abi)
    .map(({ first, names }) => names[number - first])
    .find((name) => name !== undefined)

/** Whether any architecture has, or had, a system call of this name. */
export const isKnownName = (name: string): boolean =>
  (['x86_64', 'x86', 'aarch64', 'arm'] as const).some((abi) => numbers(abi).has(name)) || ELSEWHERE.has(name)

/** All calls of an ABI by name. */
export function numbers(abi: Abi): ReadonlyMap<string, number> {
  let found = numbered.get(abi)
  if (!found) {
    found = new Map(
      blocks(abi).flatMap(({ first, names }) =>
        [...names.entries()].flatMap(([i, name]): [string, number][] =>
          name === undefined ? [] : [[name, first + i]],
        ),
      ),
    )
    numbered.set(abi, found)
  }
  return found
}

function read(abi: Abi): readonly Block[] {
  switch (abi) {
    case 'x86_64':
      return [{ first: 0, names: own('x64') }]
    case 'aarch64':
      return [{ first: 0, names: own('arm64') }]
    case 'x86':
      return [{ first: 0, names: withShared(listed(I386)) }]
    case 'arm':
      return [
        // memfd_secret: 32-bit arm can't take pages out of the kernel's map.
        { first: 0, names: withShared(listed(ARM), 'memfd_secret') },
        { first: ARM_PRIVATE, names: listed(ARM_OWN) },
      ]
    case 'x32': {
      const names = own('x64')
      for (const name of `${X32_LACKS} ${X32_OWN}`.split(' ')) {
        const common = names.indexOf(name)
        if (common >= 0) names[common] = undefined
      }
      return [{ first: X32_BIT, names: listed(X32_OWN, names) }]
    }
  }
}

/** The calls of a table that @rt/sys has. */
function own(arch: Arch): (string | undefined)[] {
  const names: (string | undefined)[] = []
  for (const name of SYSCALL_NAMES) if (hasSyscall(name, arch)) names[syscallNumber(name, arch)] = name
  return names
}

/** Reads a text of numbers, each with the names that count on from it. */
function listed(text: string, names: (string | undefined)[] = []): (string | undefined)[] {
  let next = 0
  for (const word of text.split(' ')) {
    if (word < ':') next = Number(word)
    else names[next++] = word
  }
  return names
}

/** Adds the calls that have the same number everywhere. */
function withShared(names: (string | undefined)[], lacking?: string): (string | undefined)[] {
  const all = blocks('x86_64')[0]?.names ?? []
  for (let number = FIRST_SHARED; number < all.length; number++) {
    if (all[number] !== lacking) names[number] = all[number]
  }
  return names
}
