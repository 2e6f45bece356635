/**
 * include/uapi/asm-generic/termbits.h: struct termios.
 */

export const IGNBRK = 1
export const BRKINT = 2
export const PARMRK = 8
export const ISTRIP = 0x20
export const INLCR = 0x40
export const IGNCR = 0x80
export const ICRNL = 0x100
export const IXON = 0x400
export const IUTF8 = 0x4000
export const OPOST = 1
export const ONLCR = 4
export const CSIZE = 48
export const CS8 = 0x30
export const PARENB = 0x100
export const ISIG = 1
export const ICANON = 2
export const ECHO = 8
export const ECHONL = 0x40
export const IEXTEN = 0x8000
export const VMIN = 6
export const VTIME = 5
