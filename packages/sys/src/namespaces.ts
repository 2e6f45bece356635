import { syscall } from './native/syscall.js'
import { NS_GET_NSTYPE, NS_GET_OWNER_UID, NS_GET_PARENT, NS_GET_USERNS } from './uapi/ioctls.js'

/**
 * `unshare(flags)`: new namespaces for the calling thread; with CLONE_FS, a root and working directory of its own. Other
 * threads of the process, Node's pool among them, stay where they are. unshare(2).
 *
 * @param flags CLONE_NEW*, CLONE_FS, CLONE_FILES
 * @throws SyscallError EPERM without CAP_SYS_ADMIN, EINVAL for CLONE_NEWUSER in a process with several threads, ENOSPC
 *   or EUSERS at a limit of namespaces
 */
export function unshare(flags: number): void {
  syscall('unshare', flags)
}

/**
 * `setns(fd, type)`: move the calling thread into a namespace, or, by a pidfd, into several of a process at once
 * (Linux 5.8). setns(2).
 *
 * @param fd of a file of /proc/PID/ns, or a pidfd
 * @param type CLONE_NEW*; with a namespace file 0 accepts any type
 * @throws SyscallError EPERM without CAP_SYS_ADMIN over it, EINVAL for another type than the fd's, for a user namespace
 *   in a process with several threads, or a mount namespace while CLONE_FS is shared (unshare(CLONE_FS) first); ESRCH
 *   if the pidfd's process is gone
 */
export function setns(fd: number, type = 0): void {
  syscall('setns', fd, type)
}

/**
 * `ioctl(fd, NS_GET_USERNS)`: the user namespace that owns a namespace. ioctl_ns(2).
 *
 * @returns an fd, close-on-exec
 * @throws SyscallError EPERM if it is outside the caller's own, ENOTTY if the fd is no namespace
 */
export function namespaceOwner(fd: number): number {
  return syscall('ioctl', fd, NS_GET_USERNS)
}

/**
 * `ioctl(fd, NS_GET_PARENT)`: the parent of a pid or user namespace. ioctl_ns(2).
 *
 * @returns an fd, close-on-exec
 * @throws SyscallError EPERM if it is outside the caller's own, EINVAL for a namespace of a type without parents
 */
export function namespaceParent(fd: number): number {
  return syscall('ioctl', fd, NS_GET_PARENT)
}

/** `ioctl(fd, NS_GET_NSTYPE)`: the CLONE_NEW* flag of a namespace. ioctl_ns(2). @throws SyscallError ENOTTY */
export function namespaceType(fd: number): number {
  return syscall('ioctl', fd, NS_GET_NSTYPE)
}

/**
 * `ioctl(fd, NS_GET_OWNER_UID, &uid)`: who made a user namespace. ioctl_ns(2).
 *
 * @throws SyscallError EINVAL for a namespace that is no user namespace
 */
export function namespaceOwnerUid(fd: number): number {
  const uid = Buffer.alloc(4)
  syscall('ioctl', fd, NS_GET_OWNER_UID, uid)
  return uid.readUInt32LE(0)
}
