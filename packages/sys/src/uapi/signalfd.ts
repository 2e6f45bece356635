/**
 * include/uapi/linux/signalfd.h, include/uapi/linux/timerfd.h: flags.
 */
export const SFD_CLOEXEC = 0o2000000
export const SFD_NONBLOCK = 0o4000
export const TFD_CLOEXEC = 0o2000000
export const TFD_NONBLOCK = 0o4000
