import { RtError } from '../errors.js'
import type { ArgumentKind } from '../format/signatures.js'
import { SIGNATURES } from '../format/signatures.js'
import { nearest } from '../nearest.js'
import { isSyscallName, SYSCALL_NAMES, type SyscallName } from '../syscalls.js'
import { integer, refuseArgument } from './arguments.js'
import type { RawArgument } from './raw-argument.js'

/** Those whose further arguments depend on the first ones: what is known of them, and how many there must be. */
const DEPENDENT: Readonly<Partial<Record<SyscallName, readonly (ArgumentKind | undefined)[]>>> = {
  openat: ['fd', 'path', 'open'],
  open: ['path', 'open'],
  mknodat: ['fd', 'path', 'mode'],
  fcntl: ['fd', 'enum:fcntl'],
  ioctl: ['fd', 'enum:ioctl'],
  prctl: ['enum:prctl'],
  keyctl: ['enum:keyctl'],
  fsconfig: ['fd', 'enum:fsconfig', 'string'],
}

/** Calls whose `int` is a size or an offset: a word of 64 bits. */
const WIDE: ReadonlySet<SyscallName> = new Set([
  'read',
  'write',
  'pread64',
  'pwrite64',
  'lseek',
  'ftruncate',
  'mmap',
  'munmap',
] as const)

const ANY = 0
const NUMBER = 1
const NUMBER_OF_32_BITS = 2
const TEXT = 3

function classOf(name: SyscallName, kind: ArgumentKind | undefined): number {
  switch (kind) {
    case 'path':
    case 'string':
      return TEXT
    case 'int':
      return WIDE.has(name) ? NUMBER : NUMBER_OF_32_BITS
    case 'hex':
    case 'limit':
    case 'nanoseconds':
      return NUMBER
    case undefined:
    case 'data':
    case 'pointer':
    case 'strings':
    case 'environment':
    case 'intPointer':
    case 'times':
      return ANY
    default:
      return kind.startsWith('struct:') ? ANY : NUMBER_OF_32_BITS
  }
}

const classes = new Map<SyscallName, Uint8Array>()

function classesOf(name: SyscallName): Uint8Array {
  if (!isSyscallName(name)) {
    const meant = nearest(String(name), SYSCALL_NAMES)
    throw new RtError('RT_INVALID_OPTION', `no system call is named ${JSON.stringify(String(name))}`, {
      hint: meant === undefined ? undefined : `did you mean ${meant}?`,
    })
  }
  const kinds = DEPENDENT[name] ?? SIGNATURES[name] ?? []
  const made = Uint8Array.from(kinds, (kind) => classOf(name, kind))
  classes.set(name, made)
  return made
}

/**
 * Refuse arguments that are not of the kind that a call takes (format/signatures.ts): too few of them, text where a
 * number belongs, a number of more than 32 bits where the kernel would cut it.
 *
 * @throws RtError RT_INVALID_OPTION for a name that is no call; TypeError or RangeError with `code`, see arguments.ts
 */
export function checkArguments(name: SyscallName, args: readonly RawArgument[]): void {
  const wanted = classes.get(name) ?? classesOf(name)
  if (args.length < wanted.length) {
    const message = `${name} takes ${wanted.length} arguments, got ${args.length}`
    throw Object.assign(new TypeError(message), { code: 'ERR_MISSING_ARGS' })
  }
  for (let i = 0; i < wanted.length; i++) {
    const kind = wanted[i]
    if (kind === ANY) continue
    const value = args[i] as RawArgument
    if (kind === TEXT) {
      // An address is a bigint: a number here is most often a mistake.
      if (typeof value === 'string' || typeof value === 'bigint' || value === null || ArrayBuffer.isView(value))
        continue
      refuseArgument('ERR_INVALID_ARG_TYPE', placeOf(name, i), 'text, bytes, null or an address (bigint)', value)
    }
    if (typeof value === 'bigint') {
      if (kind === NUMBER_OF_32_BITS) integer(Number(value), placeOf(name, i))
    } else if (typeof value !== 'number') {
      refuseArgument('ERR_INVALID_ARG_TYPE', placeOf(name, i), 'an integer', value)
    } else if (
      kind === NUMBER_OF_32_BITS &&
      !(value >= -0x80000000 && value <= 0xffffffff && Number.isInteger(value))
    ) {
      integer(value, placeOf(name, i))
    }
  }
}

const placeOf = (name: SyscallName, index: number): string => `argument ${index + 1} of ${name}`
