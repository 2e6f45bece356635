import { integer, object, refuseArgument, word } from '../native/arguments.js'
import { syscall } from '../native/syscall.js'
import { decodeStruct, encodeStruct, structLayout } from '../structs.js'
import { LINUX_CAPABILITY_VERSION_3 } from '../uapi/capability.js'

/** Sets of capabilities of a thread: bit n is capability n. capabilities(7). */
export interface CapabilitySets {
  readonly effective: bigint
  readonly permitted: bigint
  readonly inheritable: bigint
}

const header = (pid: number): Buffer =>
  encodeStruct('cap_user_header', { version: LINUX_CAPABILITY_VERSION_3, pid: integer(pid, 'pid') })
/** Bits for all: a number would lose those above 32. */
const set = (bits: bigint, what: string): bigint => {
  if (typeof bits !== 'bigint') refuseArgument('ERR_INVALID_ARG_TYPE', what, 'a bigint', bits)
  return BigInt(word(bits, what))
}
const low = (set: bigint): bigint => set & 0xffffffffn
const high = (set: bigint): bigint => set >> 32n

/**
 * `capget(&{version, pid}, data)`: a thread's capabilities. capget(2).
 *
 * @param pid a thread id; 0: the calling thread
 * @throws SyscallError ESRCH
 */
export function capget(pid = 0): CapabilitySets {
  const data = Buffer.alloc(structLayout('cap_user_data').size)
  syscall('capget', header(pid), data)
  const fields = decodeStruct('cap_user_data', data)
  const join = (set: string) => BigInt(fields[`${set}0`] as number) | (BigInt(fields[`${set}1`] as number) << 32n)
  return { effective: join('effective'), permitted: join('permitted'), inheritable: join('inheritable') }
}

/**
 * `capset(&{version, 0}, data)`: the calling thread's capabilities; other threads of the process keep theirs. capset(2).
 *
 * @throws SyscallError EPERM for adding to the permitted set, for an effective one that is not permitted, or for an
 *   inheritable one outside the bounding set
 */
export function capset(sets: CapabilitySets): void {
  object(sets, 'sets')
  const { effective, permitted, inheritable } = {
    effective: set(sets.effective, 'sets.effective'),
    permitted: set(sets.permitted, 'sets.permitted'),
    inheritable: set(sets.inheritable, 'sets.inheritable'),
  }
  const data = encodeStruct('cap_user_data', {
    effective0: low(effective),
    permitted0: low(permitted),
    inheritable0: low(inheritable),
    effective1: high(effective),
    permitted1: high(permitted),
    inheritable1: high(inheritable),
  })
  syscall('capset', header(0), data)
}
