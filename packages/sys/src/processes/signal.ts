import { syscall } from '../native/syscall.js'

/**
 * `kill(pid, signal)`. Unlike process.kill() all signals are known, real-time ones too. kill(2).
 *
 * @param pid a process; 0: the caller's process group; below -1: a process group
 * @param signal 0 only checks
 * @throws SyscallError ESRCH, EPERM, EINVAL
 */
export function kill(pid: number, signal: number): void {
  syscall('kill', pid, signal)
}
