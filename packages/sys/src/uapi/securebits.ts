/**
 * include/uapi/linux/securebits.h: prctl(PR_SET_SECUREBITS).
 */

export const SECBIT_NOROOT = 1
export const SECBIT_NOROOT_LOCKED = 2
export const SECBIT_NO_SETUID_FIXUP = 4
export const SECBIT_NO_SETUID_FIXUP_LOCKED = 8
export const SECBIT_KEEP_CAPS = 0x10
export const SECBIT_KEEP_CAPS_LOCKED = 0x20
export const SECBIT_NO_CAP_AMBIENT_RAISE = 0x40
export const SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED = 0x80
