/**
 * include/uapi/linux/pidfd.h: pidfd_open(2), pidfd_send_signal(2).
 */

export const PIDFD_NONBLOCK = 0x800 // Linux 5.10
export const PIDFD_THREAD = 0x80 // Linux 6.9
export const PIDFD_SIGNAL_THREAD = 1 // Linux 6.9
export const PIDFD_SIGNAL_THREAD_GROUP = 2
export const PIDFD_SIGNAL_PROCESS_GROUP = 4
