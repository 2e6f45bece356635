/**
 * include/uapi/linux/close_range.h: close_range(2), Linux 5.9.
 */

export const CLOSE_RANGE_UNSHARE = 2
export const CLOSE_RANGE_CLOEXEC = 4 // Linux 5.11
