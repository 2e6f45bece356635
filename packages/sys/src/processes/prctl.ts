import { boolean, integer } from '../native/arguments.js'
import { syscall } from '../native/syscall.js'
import {
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_CLEAR_ALL,
  PR_CAP_AMBIENT_IS_SET,
  PR_CAP_AMBIENT_LOWER,
  PR_CAP_AMBIENT_RAISE,
  PR_CAPBSET_DROP,
  PR_CAPBSET_READ,
  PR_GET_CHILD_SUBREAPER,
  PR_GET_DUMPABLE,
  PR_GET_NO_NEW_PRIVS,
  PR_GET_PDEATHSIG,
  PR_GET_SECUREBITS,
  PR_SET_CHILD_SUBREAPER,
  PR_SET_DUMPABLE,
  PR_SET_KEEPCAPS,
  PR_SET_NO_NEW_PRIVS,
  PR_SET_PDEATHSIG,
  PR_SET_SECUREBITS,
} from '../uapi/prctl.js'
import type { SignalName } from '../uapi/signal.js'
import { signalArgument } from './signal-argument.js'

// prctl(2). Dumpable and subreaper belong to the process; no_new_privs, securebits, keepcaps, capability sets and the
// parent death signal to the calling thread alone: in Node, where other threads run the pool and V8, they protect
// nothing, but what that thread executes or forks inherits them.

/** An int that the kernel writes. */
function read(operation: number): number {
  const value = Buffer.alloc(4)
  syscall('prctl', operation, value, 0, 0, 0)
  return value.readInt32LE(0)
}

/**
 * `prctl(PR_SET_CHILD_SUBREAPER, on)`: orphans among the descendants become children of this process, which must reap
 * them. Linux 3.4.
 */
export function setChildSubreaper(on: boolean): void {
  syscall('prctl', PR_SET_CHILD_SUBREAPER, boolean(on, 'on') ? 1 : 0, 0, 0, 0)
}

/** `prctl(PR_GET_CHILD_SUBREAPER, &on)`. Linux 3.4. */
export const getChildSubreaper = (): boolean => read(PR_GET_CHILD_SUBREAPER) !== 0

/** `prctl(PR_SET_NO_NEW_PRIVS, 1)`: execve gives no more privilege, ever (no setuid, no file capabilities). Linux 3.5. */
export function setNoNewPrivs(): void {
  syscall('prctl', PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

/** `prctl(PR_GET_NO_NEW_PRIVS)`. Linux 3.5. */
export const getNoNewPrivs = (): boolean => syscall('prctl', PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) !== 0

/**
 * `prctl(PR_SET_DUMPABLE, on)`: whether others of the same user may ptrace this process and read its /proc files, which
 * belong to root otherwise.
 */
export function setDumpable(on: boolean): void {
  syscall('prctl', PR_SET_DUMPABLE, boolean(on, 'on') ? 1 : 0, 0, 0, 0)
}

/** `prctl(PR_GET_DUMPABLE)`: 0 no, 1 yes, 2 only for root (fs.suid_dumpable). */
export const getDumpable = (): number => syscall('prctl', PR_GET_DUMPABLE, 0, 0, 0, 0)

/**
 * `prctl(PR_SET_PDEATHSIG, signal)`: a signal when the thread that forked this one ends (the thread, not its process).
 * Cleared by fork, by a change of ids, and by execve of a setuid program.
 *
 * @param signal by number or name; 0: none
 * @throws TypeError ERR_UNKNOWN_SIGNAL, RangeError ERR_OUT_OF_RANGE for what is no signal
 */
export function setParentDeathSignal(signal: number | SignalName): void {
  syscall('prctl', PR_SET_PDEATHSIG, signalArgument(signal), 0, 0, 0)
}

/** `prctl(PR_GET_PDEATHSIG, &signal)`: 0 is none. */
export const getParentDeathSignal = (): number => read(PR_GET_PDEATHSIG)

/**
 * `prctl(PR_SET_SECUREBITS, bits)`: whether uid 0 is special for capabilities. capabilities(7).
 *
 * @param bits SECBIT_*
 * @throws SyscallError EPERM without CAP_SETPCAP, or for a bit that is locked
 */
export function setSecurebits(bits: number): void {
  syscall('prctl', PR_SET_SECUREBITS, integer(bits, 'bits'), 0, 0, 0)
}

/** `prctl(PR_GET_SECUREBITS)`: SECBIT_*. */
export const getSecurebits = (): number => syscall('prctl', PR_GET_SECUREBITS, 0, 0, 0, 0)

/** `prctl(PR_SET_KEEPCAPS, on)`: permitted capabilities outlive a change from uid 0 to others; cleared by execve. */
export function setKeepCapabilities(on: boolean): void {
  syscall('prctl', PR_SET_KEEPCAPS, boolean(on, 'on') ? 1 : 0, 0, 0, 0)
}

/**
 * `prctl(PR_CAPBSET_DROP, capability)`: take a capability from the bounding set for good. Linux 2.6.25.
 *
 * @throws SyscallError EPERM without CAP_SETPCAP, EINVAL for a capability that the kernel does not know
 */
export function dropBoundingCapability(capability: number): void {
  syscall('prctl', PR_CAPBSET_DROP, integer(capability, 'capability'), 0, 0, 0)
}

/** `prctl(PR_CAPBSET_READ, capability)`. @throws SyscallError EINVAL for a capability that the kernel does not know */
export const hasBoundingCapability = (capability: number): boolean =>
  syscall('prctl', PR_CAPBSET_READ, integer(capability, 'capability'), 0, 0, 0) !== 0

/**
 * `prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)`: keep it over execve of an ordinary program. Linux 4.3.
 *
 * @throws SyscallError EPERM unless it is permitted and inheritable, or with SECBIT_NO_CAP_AMBIENT_RAISE
 */
export function raiseAmbientCapability(capability: number): void {
  syscall('prctl', PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, integer(capability, 'capability'), 0, 0)
}

/** `prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, capability)`. Linux 4.3. @throws SyscallError EINVAL */
export function lowerAmbientCapability(capability: number): void {
  syscall('prctl', PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, integer(capability, 'capability'), 0, 0)
}

/** `prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)`. Linux 4.3. */
export function clearAmbientCapabilities(): void {
  syscall('prctl', PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
}

/** `prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability)`. Linux 4.3. @throws SyscallError EINVAL */
export const hasAmbientCapability = (capability: number): boolean =>
  syscall('prctl', PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, integer(capability, 'capability'), 0, 0) !== 0
