import { syscall } from '../native/syscall.js'
import { decodeStruct, structLayout } from '../structs.js'
import { CLD_DUMPED, CLD_EXITED, CLD_KILLED, WEXITED } from '../uapi/wait.js'

/** How a child ended: by exit (its code) or by a signal. */
export type ChildExit = { readonly code: number } | { readonly signal: number; readonly dumped: boolean }

/** A child and what became of it; `exit` is undefined if it was stopped or continued. */
export interface WaitedChild {
  readonly pid: number
  readonly exit: ChildExit | undefined
}

/** wait(2)'s status: the low 7 bits are the signal (0: exited, 0x7f: stopped), 0x80 a core dump, then the exit code. */
function exitOf(status: number): ChildExit | undefined {
  const signal = status & 0x7f
  if (signal === 0) return { code: (status >> 8) & 0xff }
  // 0x7f is stopped, 0xffff continued.
  return signal === 0x7f ? undefined : { signal, dumped: (status & 0x80) !== 0 }
}

/**
 * `wait4(pid, &status, flags, NULL)`: reap a child. Without WNOHANG the thread waits, and with it all of Node. Children
 * that Node started itself (child_process) are Node's to reap. wait(2).
 *
 * @param pid a child; -1: any; 0: any of the caller's process group; below -1: any of a process group
 * @param flags WNOHANG, WUNTRACED, WCONTINUED
 * @returns undefined if none has changed (WNOHANG)
 * @throws SyscallError ECHILD if there is no such child, EINTR
 */
export function waitpid(pid: number, flags = 0): WaitedChild | undefined {
  const status = Buffer.alloc(4)
  const found = syscall('wait4', pid, status, flags, null)
  return found === 0 ? undefined : { pid: found, exit: exitOf(status.readInt32LE(0)) }
}

/**
 * `waitid(type, id, &info, flags, NULL)`: wait for a child, by pidfd too (P_PIDFD, Linux 5.4). waitid(2).
 *
 * @param type P_PID, P_PIDFD, P_PGID, P_ALL
 * @param flags WEXITED, WSTOPPED, WCONTINUED; WNOHANG; WNOWAIT leaves the child to be waited for again
 * @returns undefined if none has changed (WNOHANG)
 * @throws SyscallError ECHILD if it is no child of this process, EAGAIN for a pidfd with PIDFD_NONBLOCK that lives
 */
export function waitid(type: number, id: number, flags: number = WEXITED): WaitedChild | undefined {
  const info = Buffer.alloc(structLayout('siginfo').size)
  syscall('waitid', type, id, info, flags, null)
  const fields = decodeStruct('siginfo', info)
  if (fields.si_pid === 0) return undefined
  const [code, status] = [fields.si_code as number, fields.si_status as number]
  const killed = code === CLD_KILLED || code === CLD_DUMPED
  const exit =
    code === CLD_EXITED ? { code: status } : killed ? { signal: status, dumped: code === CLD_DUMPED } : undefined
  return { pid: fields.si_pid as number, exit }
}
