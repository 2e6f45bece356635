import { syscall } from '../native/syscall.js'
import type { SignalName } from '../uapi/signal.js'
import { signalArgument } from './signal-argument.js'

/**
 * `kill(pid, signal)`. Unlike process.kill() all signals are known, real-time ones too. kill(2).
 *
 * @param pid a process; 0: the caller's process group; below -1: a process group
 * @param signal by number or name; 0 only checks
 * @throws SyscallError ESRCH, EPERM; TypeError ERR_UNKNOWN_SIGNAL for a name that is none
 */
export function kill(pid: number, signal: number | SignalName): void {
  syscall('kill', pid, signalArgument(signal))
}
