import { createRequire } from 'node:module'
import type koffiModule from 'koffi'

import { RtError, SyscallError } from './errors.js'
import { type SyscallName, syscallNumber } from './syscalls.js'

/** An argument of a raw call: integers and addresses, or memory that lives as long as the call. */
export type RawArgument = number | bigint | string | Uint8Array | null

type Koffi = typeof koffiModule
type Library = ReturnType<Koffi['load']>
/** A C function, as koffi gives it. */
export type NativeFunction = ReturnType<Library['func']>
let koffi: Koffi | undefined
let libc: Library | undefined
let syscallFunction: NativeFunction | undefined

/** libc through koffi, loaded at the first call: importing @rt/sys must work on any system and cost nothing. */
export function nativeLibrary(): { koffi: Koffi; libc: Library } {
  if (!koffi || !libc) {
    if (process.platform !== 'linux') {
      throw new RtError('RT_UNSUPPORTED_PLATFORM', `rt makes Linux system calls, and this is ${process.platform}`, {
        hint: 'run it on Linux 5.15 or newer: a virtual machine will do',
      })
    }
    koffi = createRequire(import.meta.url)('koffi') as Koffi
    libc = koffi.load(null as unknown as string)
  }
  return { koffi, libc }
}

/**
 * syscall(2) by number. Never throws for the kernel's errors.
 *
 * @returns the result, or minus the errno
 */
export function rawSyscall(number: number, args: readonly RawArgument[]): number {
  const native = nativeLibrary()
  // All arguments are declared as pointers: koffi takes numbers, bigints, strings and typed arrays for them.
  syscallFunction ??= native.libc.func('intptr_t syscall(intptr_t, void *, void *, void *, void *, void *, void *)')
  const padded = [0, 1, 2, 3, 4, 5].map((i) => {
    const arg = args[i] ?? null
    if (typeof arg === 'number') return BigInt.asUintN(64, BigInt(arg))
    return typeof arg === 'string' ? Buffer.from(`${arg}\0`) : arg
  })
  const result = Number(syscallFunction(number, ...padded))
  return result === -1 ? -native.koffi.errno() : result
}

/**
 * One system call by name.
 *
 * @throws SyscallError if the kernel refuses
 */
export function syscall(name: SyscallName, ...args: RawArgument[]): number {
  const result = rawSyscall(syscallNumber(name), args)
  if (result < 0 && result >= -4095) {
    const shown = args.map((arg) => (typeof arg === 'string' ? JSON.stringify(arg) : String(arg))).join(', ')
    throw new SyscallError({ syscall: name, errno: -result, call: `${name}(${shown})` })
  }
  return result
}
