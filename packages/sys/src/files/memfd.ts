import { ERRNO } from '../errno.js'
import { integer } from '../native/arguments.js'
import { cString } from '../native/path.js'
import { attempt, syscall } from '../native/syscall.js'
import { F_ADD_SEALS, F_GET_SEALS } from '../uapi/fcntl.js'
import { MFD_CLOEXEC, MFD_EXEC } from '../uapi/memfd.js'

/**
 * `memfd_create(name, MFD_CLOEXEC|flags)`: a file in memory, without a name in any directory. memfd_create(2).
 *
 * @param name shown in /proc/PID/fd as `/memfd:name (deleted)`; at most 249 bytes
 * @param flags MFD_ALLOW_SEALING, MFD_NOEXEC_SEAL (Linux 6.3), MFD_HUGETLB
 * @returns an fd, close-on-exec
 * @throws SyscallError EINVAL for a flag that the kernel does not know, EMFILE, ENOMEM
 */
export function memfdCreate(name: string, flags = 0): number {
  return syscall('memfd_create', cString(name), MFD_CLOEXEC | integer(flags, 'flags'))
}

/**
 * `memfd_create(name, MFD_CLOEXEC|MFD_EXEC|flags)`: one that may be executed. Before Linux 6.3, which made the flag, all
 * of them may be.
 *
 * @throws SyscallError EACCES where sysctl vm.memfd_noexec=2 forbids it
 */
export function memfdCreateExecutable(name: string, flags = 0): number {
  const fd = attempt('memfd_create', [cString(name), MFD_CLOEXEC | MFD_EXEC | integer(flags, 'flags')])
  return fd >= 0 ? fd : memfdCreate(name, fd === -ERRNO.EINVAL ? flags : MFD_EXEC | flags)
}

/**
 * `fcntl(fd, F_ADD_SEALS, integer(seals, 'seals'))`: forbid for ever, to all who have the file, what the seals name. F_SEAL_SEAL forbids
 * more seals. fcntl(2).
 *
 * @throws SyscallError EPERM without MFD_ALLOW_SEALING, for a file sealed already or an fd that can't write; EBUSY for
 *   F_SEAL_WRITE while it is mapped writable; EINVAL for another file system
 */
export function addSeals(fd: number, seals: number): void {
  syscall('fcntl', fd, F_ADD_SEALS, integer(seals, 'seals'))
}

/** `fcntl(fd, F_GET_SEALS)`: F_SEAL_*. fcntl(2). @throws SyscallError EINVAL for a file that can't be sealed */
export function getSeals(fd: number): number {
  return syscall('fcntl', fd, F_GET_SEALS)
}
