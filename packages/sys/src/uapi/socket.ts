/**
 * include/linux/socket.h and asm-generic/socket.h: socket(2), sendmsg(2).
 */

export const AF_UNIX = 1
export const AF_INET = 2
export const AF_INET6 = 10
export const AF_NETLINK = 16
export const AF_ALG = 38
export const AF_VSOCK = 40
export const SOCK_STREAM = 1
export const SOCK_DGRAM = 2
export const SOCK_RAW = 3
export const SOCK_SEQPACKET = 5
export const SOCK_NONBLOCK = 0x800
export const SOCK_CLOEXEC = 0x80000
export const SOL_SOCKET = 1
export const SO_PASSCRED = 16
export const SO_PEERCRED = 17
export const SO_SNDBUF = 7
export const SO_RCVBUF = 8
export const SCM_RIGHTS = 1
export const SCM_CREDENTIALS = 2
export const SCM_MAX_FD = 253 // include/net/scm.h: fds in one message
export const MSG_PEEK = 2
export const MSG_CTRUNC = 8
export const MSG_TRUNC = 0x20
export const MSG_DONTWAIT = 0x40
export const MSG_NOSIGNAL = 0x4000
export const MSG_CMSG_CLOEXEC = 0x40000000
export const SHUT_RD = 0
export const SHUT_WR = 1
export const SHUT_RDWR = 2
