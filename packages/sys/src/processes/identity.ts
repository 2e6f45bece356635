import { integer, list } from '../native/arguments.js'
import { syscall } from '../native/syscall.js'

// The kernel's ids belong to a thread; libc's functions of these names change all threads of a process by signals. These
// are the bare calls: for a helper thread whose file accesses shall be another user's, and for what it executes.

/**
 * `setresuid(real, effective, saved)` of the calling thread; -1 leaves one. Leaving uid 0 clears capabilities, see
 * capabilities(7). setresuid(2).
 *
 * @throws SyscallError EPERM without CAP_SETUID, EINVAL for an id without mapping in the user namespace, EAGAIN
 */
export function setresuid(real: number, effective: number, saved: number): void {
  syscall('setresuid', real, effective, saved)
}

/** `setresgid(real, effective, saved)` of the calling thread; -1 leaves one. setresgid(2). @throws SyscallError EPERM, EINVAL */
export function setresgid(real: number, effective: number, saved: number): void {
  syscall('setresgid', real, effective, saved)
}

/**
 * `setgroups(n, list)`: supplementary groups of the calling thread. setgroups(2).
 *
 * @param groups at most 65536
 * @throws SyscallError EPERM without CAP_SETGID or where /proc/self/setgroups says `deny`, EINVAL
 */
export function setgroups(groups: readonly number[]): void {
  const ids = Uint32Array.from(list(groups, 'groups', integer))
  syscall('setgroups', ids.length, new Uint8Array(ids.buffer))
}
