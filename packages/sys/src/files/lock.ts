import { ERRNO } from '../errno.js'
import { oneOf } from '../native/arguments.js'
import { syscallError } from '../native/failure.js'
import { attempt, syscall } from '../native/syscall.js'
import { LOCK_EX, LOCK_NB, LOCK_SH } from '../uapi/fcntl.js'

const KINDS = { exclusive: LOCK_EX, shared: LOCK_SH } as const

/**
 * `flock(fd, LOCK_EX|LOCK_NB)`: lock an open file against other openers of it, without waiting. The lock belongs to the
 * open file description: it ends when its last fd is closed, in whatever process. flock(2).
 *
 * @param kind `exclusive`, or `shared` with others that are shared
 * @returns whether it was got
 * @throws SyscallError EBADF, ENOLCK; never for a lock that another holds
 */
export function tryFlock(fd: number, kind: 'exclusive' | 'shared' = 'exclusive'): boolean {
  const args = [fd, oneOf(KINDS, kind, 'kind') | LOCK_NB]
  const result = attempt('flock', args)
  if (result === 0) return true
  if (result === -ERRNO.EAGAIN) return false
  throw syscallError('flock', args, -result)
}

/**
 * `flock(fd, operation)`. flock(2).
 *
 * @param operation LOCK_SH, LOCK_EX, LOCK_UN; without LOCK_NB the calling thread, with all of Node, waits
 * @throws SyscallError EAGAIN if another holds it (LOCK_NB), EINTR, EBADF
 */
export function flock(fd: number, operation: number): void {
  syscall('flock', fd, operation)
}
