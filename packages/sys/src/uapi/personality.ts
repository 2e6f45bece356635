/**
 * include/uapi/linux/personality.h: personality(2).
 */

export const PER_LINUX = 0
export const PER_LINUX32 = 8
export const ADDR_NO_RANDOMIZE = 0x40000
