/**
 * include/uapi/asm-generic/ioctls.h: terminals.
 */

export const TCGETS = 0x5401
export const TCSETS = 0x5402
export const TCSETSW = 0x5403
export const TCSETSF = 0x5404
export const TIOCSCTTY = 0x540e
export const TIOCNOTTY = 0x5422
export const TIOCGPGRP = 0x540f
export const TIOCSPGRP = 0x5410
export const TIOCGWINSZ = 0x5413
export const TIOCSWINSZ = 0x5414
export const TIOCGPTN = 0x80045430
export const TIOCSPTLCK = 0x40045431
export const TIOCGPTPEER = 0x5441 // Linux 4.13
export const TIOCGSID = 0x5429
export const FIONREAD = 0x541b
export const FIONBIO = 0x5421

// include/uapi/linux/nsfs.h: relations of namespaces
export const NS_GET_USERNS = 0xb701
export const NS_GET_PARENT = 0xb702
export const NS_GET_NSTYPE = 0xb703
export const NS_GET_OWNER_UID = 0xb704
