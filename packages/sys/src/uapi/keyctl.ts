/**
 * include/uapi/linux/keyctl.h: keyctl(2), what a process needs to leave the keyrings of its parent.
 */

export const KEYCTL_GET_KEYRING_ID = 0
export const KEYCTL_JOIN_SESSION_KEYRING = 1
export const KEYCTL_SETPERM = 5
export const KEYCTL_DESCRIBE = 6
