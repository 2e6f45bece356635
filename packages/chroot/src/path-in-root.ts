import {
  ERRNO,
  encodeStruct,
  O_CLOEXEC,
  O_PATH,
  OPEN_HOW_SIZE_VER0,
  quote,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  rawSyscall,
  SyscallError,
  syscallNumber,
} from '@rt/sys'

/** How often a path is walked again when something was renamed or mounted at that moment. */
const TRIES = 32

/**
 * The O_PATH fd of a path beneath a root: symlinks lead where they would lead a process in that root, magic links of a
 * procfs nowhere. Nothing is opened but the place: a device does not notice, a fifo does not block. A look at the host.
 *
 * @param rootFd fd of the root directory (openat2(2), RESOLVE_IN_ROOT, Linux 5.6)
 * @returns the caller's to close; undefined if there is nothing there
 * @throws SyscallError ELOOP for a magic link, ENOTDIR, EACCES, …
 */
export function openPathInRoot(rootFd: number, path: string | Uint8Array): number | undefined {
  const how = encodeStruct('open_how', {
    flags: O_PATH | O_CLOEXEC,
    resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
  })
  const name = Buffer.concat([Buffer.from(path), Buffer.alloc(1)])
  let result: number = -ERRNO.EAGAIN
  for (let i = 0; i < TRIES && result === -ERRNO.EAGAIN; i++) {
    result = rawSyscall(syscallNumber('openat2'), [rootFd, name, how, OPEN_HOW_SIZE_VER0])
  }
  if (result === -ERRNO.ENOENT) return undefined
  if (result >= 0) return result
  throw new SyscallError({
    syscall: 'openat2',
    errno: -result,
    path: Buffer.from(path).toString(),
    call: `openat2(${rootFd}, ${quote(path)}, {flags=O_PATH|O_CLOEXEC, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24)`,
  })
}
