import { isUtf8 } from '../format/byte-text.js'
import { type SyscallName, syscallName, syscallNumber } from '../syscalls.js'
import { refuseArgument, word } from './arguments.js'
import { checkArguments } from './call-arguments.js'
import { syscallError } from './failure.js'
import { type NativeFunction, nativeLibrary } from './library.js'
import { cString, refuseNul } from './path.js'
import type { RawArgument } from './raw-argument.js'

/** The functions of koffi by the call's shape. */
const prototypes: (NativeFunction | undefined)[] = []
let errno: () => number

const MOST_ARGUMENTS = 6

/**
 * syscall(2) declared for one shape of arguments: a 1, then a bit for each argument that says if it is memory. koffi
 * converts by declaration: one that says `long` for integers and `const char *` for text and memory saves making
 * bigints and buffers of them (370 ns a call instead of 600 to 960).
 */
function declare(shape: number): NativeFunction {
  const { koffi, libc } = nativeLibrary()
  errno ??= koffi.errno
  const bits = shape.toString(2).slice(1).padEnd(MOST_ARGUMENTS, '0')
  const types = Array.from(bits, (bit) => (bit === '1' ? 'const char *' : 'long'))
  const native = libc.func('syscall', 'long', ['long', ...types])
  prototypes[shape] = native
  return native
}

/** All six are passed always: a register that is left as it was would be an argument. */
function invoke(native: NativeFunction, number: number, args: readonly RawArgument[]): number | bigint {
  switch (args.length) {
    case 0:
      return native(number, 0, 0, 0, 0, 0, 0)
    case 1:
      return native(number, args[0], 0, 0, 0, 0, 0)
    case 2:
      return native(number, args[0], args[1], 0, 0, 0, 0)
    case 3:
      return native(number, args[0], args[1], args[2], 0, 0, 0)
    case 4:
      return native(number, args[0], args[1], args[2], args[3], 0, 0)
    case 5:
      return native(number, args[0], args[1], args[2], args[3], args[4], 0)
    default:
      return native(number, args[0], args[1], args[2], args[3], args[4], args[5])
  }
}

/**
 * syscall(2) by number, on the calling thread. Never throws for the kernel's errors.
 *
 * @param args at most six; those left out are 0
 * @returns the result, or minus the errno
 * @throws TypeError or RangeError with Node's codes for an argument that is no integer, text, memory or null; RtError
 *   RT_INVALID_OPTION for text with a NUL byte in it, RT_UNSUPPORTED_PLATFORM if this is not Linux
 */
export function rawSyscall(number: number, args: readonly RawArgument[]): number {
  let shape = 1
  for (const arg of args) {
    if (typeof arg === 'number') {
      if (!Number.isSafeInteger(arg)) refuseRaw(number, args)
      shape <<= 1
    } else if (typeof arg === 'string') {
      if (arg.includes('\0')) refuseNul(arg)
      if (!isUtf8(arg)) return rawSyscall(number, args.map(asBytes))
      shape = (shape << 1) | 1
    } else if (arg === null || ArrayBuffer.isView(arg)) shape = (shape << 1) | 1
    else {
      if (typeof arg !== 'bigint' || BigInt.asIntN(64, arg) !== arg) refuseRaw(number, args)
      shape <<= 1
    }
  }
  if (!Number.isSafeInteger(number) || args.length > MOST_ARGUMENTS) refuseRaw(number, args)
  const result = invoke(prototypes[shape] ?? declare(shape), number, args)
  // Read at once: anything that runs in between may change it.
  if (result === -1) return -errno()
  return typeof result === 'bigint' ? Number(result) : result
}

const asBytes = (arg: RawArgument): RawArgument => (typeof arg === 'string' ? cString(arg) : arg)

/** Say what is wrong with the arguments of a raw call, if anything is: a bigint may be the upper half of 64 bits. */
function refuseRaw(number: number, args: readonly RawArgument[]): void {
  if (!Number.isSafeInteger(number))
    refuseArgument('ERR_INVALID_ARG_TYPE', 'the number of a call', 'an integer', number)
  const name = syscallName(number) ?? `call ${number}`
  if (args.length > MOST_ARGUMENTS) {
    refuseArgument('ERR_OUT_OF_RANGE', `the arguments of ${name}`, `at most ${MOST_ARGUMENTS}`, args.length)
  }
  for (const [index, arg] of args.entries()) {
    if (typeof arg === 'string' || arg === null || ArrayBuffer.isView(arg)) continue
    word(arg, `argument ${index + 1} of ${name}`)
  }
}

/**
 * One system call by name, on the calling thread.
 *
 * @returns what the kernel returns
 * @throws SyscallError if the kernel refuses, with the call as strace prints it; for arguments that are not of the kind
 *   that the call takes a TypeError or RangeError with Node's codes (ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE,
 *   ERR_MISSING_ARGS), before it is made; RtError RT_INVALID_OPTION for a name that is no call
 */
export function syscall(name: SyscallName, ...args: RawArgument[]): number {
  const result = attempt(name, args)
  if (result < 0 && result >= -4095) throw syscallError(name, args, -result)
  return result
}

/**
 * The same without an error of the kernel's: its errno, negative.
 *
 * @throws what {@link syscall} throws for wrong arguments
 */
export function attempt(name: SyscallName, args: readonly RawArgument[]): number {
  checkArguments(name, args)
  return rawSyscall(syscallNumber(name), args)
}
