/**
 * include/uapi/linux/if.h and sockios.h: bringing a network interface up.
 */

export const IFNAMSIZ = 16
export const IFF_UP = 1
export const IFF_LOOPBACK = 8
export const SIOCGIFFLAGS = 0x8913
export const SIOCSIFFLAGS = 0x8914
export const SIOCGIFINDEX = 0x8933
