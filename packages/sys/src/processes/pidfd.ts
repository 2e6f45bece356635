import { syscall } from '../native/syscall.js'
import type { SignalName } from '../uapi/signal.js'
import { signalArgument } from './signal-argument.js'

/**
 * `pidfd_open(pid, flags)`: an fd that stands for a process, also after its pid was given to another. It polls readable
 * when the process is dead. pidfd_open(2), Linux 5.3.
 *
 * @param pid of a process whose parent keeps it from being reaped meanwhile, or the pid may be another's already
 * @param flags PIDFD_NONBLOCK (5.10), PIDFD_THREAD (6.9)
 * @returns an fd, close-on-exec
 * @throws SyscallError ESRCH if there is no such process, EINVAL for a thread that is no process
 */
export function pidfdOpen(pid: number, flags = 0): number {
  return syscall('pidfd_open', pid, flags)
}

/**
 * `pidfd_send_signal(pidfd, signal, NULL, flags)`. pidfd_send_signal(2), Linux 5.1.
 *
 * @param signal by number or name; 0 only checks
 * @param flags PIDFD_SIGNAL_* (6.9)
 * @throws SyscallError ESRCH if it is dead, EPERM; TypeError ERR_UNKNOWN_SIGNAL for a name that is none
 */
export function pidfdSendSignal(pidfd: number, signal: number | SignalName, flags = 0): void {
  syscall('pidfd_send_signal', pidfd, signalArgument(signal), null, flags)
}

/**
 * `pidfd_getfd(pidfd, fd, 0)`: a duplicate of another process's fd. pidfd_getfd(2), Linux 5.6.
 *
 * @returns an fd of this process, close-on-exec
 * @throws SyscallError EPERM without the right to ptrace it, EBADF if it has no such fd, ESRCH
 */
export function pidfdGetfd(pidfd: number, fd: number): number {
  return syscall('pidfd_getfd', pidfd, fd, 0)
}
