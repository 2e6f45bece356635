import { ERRNO } from '../errno.js'
import { integer, object } from '../native/arguments.js'
import { syscallError } from '../native/failure.js'
import { cString, type Path } from '../native/path.js'
import { attempt, syscall } from '../native/syscall.js'
import { O_CLOEXEC } from '../uapi/fcntl.js'
import { OPEN_HOW_SIZE_VER0 } from '../uapi/openat2.js'

/**
 * `openat(directory, path, O_CLOEXEC|flags, mode)`: open or make a file. The path is resolved as any other: for one that
 * was not chosen by the caller use {@link openat2}. open(2).
 *
 * @param directory where a relative path starts: an fd or AT_FDCWD
 * @param mode of a file that is made (O_CREAT, O_TMPFILE), under the umask
 * @returns an fd, close-on-exec
 * @throws SyscallError ENOENT, EEXIST, EACCES, ELOOP (O_NOFOLLOW), EMFILE, …
 */
export function openat(directory: number, path: Path, flags: number, mode = 0): number {
  return syscall('openat', directory, cString(path), O_CLOEXEC | integer(flags, 'flags'), integer(mode, 'mode'))
}

/** How {@link openat2} opens. */
export interface OpenHow {
  /** O_*; O_CLOEXEC is added. Unlike open(2) unknown flags are refused. */
  readonly flags: number
  /** Of a file that is made; must be 0 otherwise. */
  readonly mode?: number
  /** RESOLVE_*: how far the path may lead. */
  readonly resolve?: number
}

/** EAGAIN says that something was renamed or mounted while `..` was resolved: a race, lost so often only on purpose. */
const ATTEMPTS = 64

// Reused: one open_how a call is all that a thread needs, and allocation costs as much as the call.
const how = new Uint32Array(6)
const howBytes = new Uint8Array(how.buffer)

/**
 * `openat2(directory, path, &how, sizeof(how))`: open a file, the kernel keeping the path within bounds.
 * RESOLVE_IN_ROOT makes the directory the root for `/`, `..` and symlinks, RESOLVE_BENEATH refuses to leave it.
 * openat2(2), Linux 5.6.
 *
 * The kernel answers EAGAIN if it can't be sure that a `..` stayed inside, because of a rename or mount elsewhere; it is
 * asked again up to 64 times.
 *
 * @returns an fd, close-on-exec
 * @throws SyscallError EXDEV where the path leaves (RESOLVE_BENEATH, RESOLVE_NO_XDEV), ELOOP for a link that is not
 *   allowed, EAGAIN if the race was lost every time, EINVAL for flags that the kernel does not know, ENOENT, …
 */
export function openat2(directory: number, path: Path, openHow: OpenHow): number {
  const { flags, mode = 0, resolve = 0 } = object(openHow, 'how')
  // The lower halves of three u64: no flag of today is beyond 32 bits.
  how[0] = integer(flags, 'how.flags') | O_CLOEXEC
  how[2] = integer(mode, 'how.mode')
  how[4] = integer(resolve, 'how.resolve')
  const args = [directory, cString(path), howBytes, OPEN_HOW_SIZE_VER0]
  let result = 0
  for (let tries = 0; tries < ATTEMPTS; tries++) {
    result = attempt('openat2', args)
    if (result !== -ERRNO.EAGAIN) break
  }
  if (result < 0) throw syscallError('openat2', args, -result)
  return result
}

/**
 * `close(fd)`. Unlike fs.closeSync() it says nothing to a worker thread that counts the fds it opened itself. close(2).
 *
 * @throws SyscallError EBADF; EIO, ENOSPC, EDQUOT for a write that was delayed: the fd is closed all the same
 */
export function close(fd: number): void {
  syscall('close', fd)
}

/**
 * `close_range(first, last, flags)`: close all fds of a range, or, with CLOSE_RANGE_CLOEXEC (Linux 5.11), set their
 * close-on-exec flag. Node's own fds are among them: in a process of Node only the latter is of use. close_range(2),
 * Linux 5.9.
 *
 * @param last the last fd; 0xffffffff for all
 * @throws SyscallError EINVAL if last is below first
 */
export function closeRange(first: number, last: number, flags = 0): void {
  syscall('close_range', first, last, flags)
}
