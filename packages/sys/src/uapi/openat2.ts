/**
 * include/uapi/linux/openat2.h: how openat2(2) resolves a path. Linux 5.6.
 */

export const RESOLVE_NO_XDEV = 1 // no mount is crossed
export const RESOLVE_NO_MAGICLINKS = 2 // no link of /proc/PID/fd, exe, root, …
export const RESOLVE_NO_SYMLINKS = 4 // no symlink, and no magic link
export const RESOLVE_BENEATH = 8 // leaving the start directory is EXDEV
export const RESOLVE_IN_ROOT = 0x10 // the start directory is the root, as under chroot
export const RESOLVE_CACHED = 0x20 // Linux 5.12: only if no I/O is needed, else EAGAIN
export const OPEN_HOW_SIZE_VER0 = 24 // sizeof struct open_how
