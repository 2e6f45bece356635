/**
 * include/uapi/linux/seccomp.h and audit.h: seccomp(2).
 */

export const SECCOMP_MODE_STRICT = 1
export const SECCOMP_MODE_FILTER = 2
export const SECCOMP_SET_MODE_STRICT = 0
export const SECCOMP_SET_MODE_FILTER = 1
export const SECCOMP_GET_ACTION_AVAIL = 2
export const SECCOMP_GET_NOTIF_SIZES = 3
export const SECCOMP_FILTER_FLAG_TSYNC = 1
export const SECCOMP_FILTER_FLAG_LOG = 2
export const SECCOMP_FILTER_FLAG_SPEC_ALLOW = 4
export const SECCOMP_FILTER_FLAG_NEW_LISTENER = 8
export const SECCOMP_FILTER_FLAG_TSYNC_ESRCH = 0x10
export const SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV = 0x20 // Linux 5.19
export const SECCOMP_RET_KILL_PROCESS = 0x80000000
export const SECCOMP_RET_KILL_THREAD = 0
export const SECCOMP_RET_TRAP = 0x30000
export const SECCOMP_RET_ERRNO = 0x50000
export const SECCOMP_RET_USER_NOTIF = 0x7fc00000
export const SECCOMP_RET_TRACE = 0x7ff00000
export const SECCOMP_RET_LOG = 0x7ffc0000
export const SECCOMP_RET_ALLOW = 0x7fff0000
export const SECCOMP_RET_DATA = 0xffff
export const AUDIT_ARCH_X86_64 = 0xc000003e
export const AUDIT_ARCH_I386 = 0x40000003
export const AUDIT_ARCH_AARCH64 = 0xc00000b7
export const AUDIT_ARCH_ARM = 0x40000028
